#include "config.hpp"

#include <algorithm>
#include <array>

#include "config_values.hpp"
#include "incumbent_keys.hpp"
#include "long_id.hpp"
#include "snapshot/recorder_limits.hpp"

namespace dlt::daemon {

namespace {

using namespace detail;

std::string quoted(std::string_view text) {
  constexpr std::size_t shown = 60;
  std::string out = "'";
  for (const char c : text.substr(0, shown)) out += c >= ' ' && c < 0x7f ? c : '?';
  return out + (text.size() > shown ? "...'" : "'");
}

Problem set_ecu(Config& c, std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char x) { return x > ' ' && x < 0x7f; });
  if (text.empty() || text.size() > 4 || !printable) return "expected one to four printable characters";
  c.ecu = EcuId(text);
  return std::nullopt;
}

Problem set_mode(Config& c, std::string_view text) {
  const auto v = number(text, 8);
  if (!v || *v > 0777) return "expected octal permissions, such as 0660";
  c.app_socket_mode = static_cast<std::uint32_t>(*v);
  return std::nullopt;
}

Problem set_app_port(Config& c, std::string_view text) {
  if (text == "off") return c.app_port.reset(), std::nullopt;
  const auto v = number(text);
  if (!v || *v > 65'535) return "expected off, or a port from 0 to 65535";
  c.app_port = static_cast<std::uint16_t>(*v);
  return std::nullopt;
}

Problem set_replay(Config& c, std::string_view text) {
  if (text != "unread" && text != "always") return "expected unread or always";
  c.ring_replay = text == "always" ? Replay::always : Replay::unread;
  return std::nullopt;
}

Problem set_id_owner(Config& c, std::string_view text) {
  if (text != "user" && text != "anybody") return "expected user or anybody";
  c.shared_ids = text == "anybody";
  return std::nullopt;
}

// Calls take(id, value) for each "id=value" between ';' or ','. `expected`, or what is wrong with an id: one of them is
// no such thing, or was refused.
template <class Take>
Problem each_id(std::string_view text, std::string_view expected, Take&& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(";,"), text.size());
    const auto one = trim(text.substr(0, end));
    const auto equals = std::min(one.find('='), one.size());
    const auto id = trim(one.substr(0, equals));
    if (id.size() > id_length) return quoted(id) + " is longer than an id; " + std::string(expected);
    if (id.empty() || !take(id, trim(one.substr(std::min(equals + 1, one.size()))))) return std::string(expected);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

// "SYS=0;NAVI=1000"
Problem set_reserved_ids(Config& c, std::string_view text) {
  std::map<AppId, Uid> ids;
  constexpr std::string_view expected = "expected application ids and numeric users such as SYS=0;NAVI=1000";
  auto problem = each_id(text, expected, [&](std::string_view id, std::string_view value) {
    const auto uid = number(value);
    if (!uid || *uid >= fifo_uid) return false;
    ids[AppId(id)] = static_cast<Uid>(*uid);
    return true;
  });
  if (!problem) c.reserved_ids = std::move(ids);
  return problem;
}

// Of "100k/1M": bytes a second, and bytes above that at once (without them one second's worth).
std::optional<Quota> parse_quota(std::string_view text) {
  const auto slash = std::min(text.find('/'), text.size());
  const auto rate = size_of(trim(text.substr(0, slash)));
  const auto burst = slash == text.size() ? rate : size_of(trim(text.substr(slash + 1)));
  if (!rate || !burst || *rate == 0 || *burst == 0) return std::nullopt;
  return Quota{*rate, *burst};
}

// "SPAM=100k/1M;*=10M"
Problem set_quotas(Config& c, std::string_view text) {
  Quotas quotas;
  constexpr std::string_view expected =
      "expected application ids (* for each of the others) and bytes a second such as SPAM=100k/1M;*=10M";
  auto problem = each_id(text, expected, [&](std::string_view id, std::string_view value) {
    const auto quota = parse_quota(value);
    if (quota) quotas[id == "*" ? AppId{} : AppId(id)] = *quota;
    return quota.has_value();
  });
  if (!problem) c.quotas = std::move(quotas);
  return problem;
}

// 0, or what F_SETPIPE_SZ takes.
Problem set_fifo_size(Config& c, std::string_view text) {
  const auto problem = set_size<&Config::legacy_fifo_size, 4096, 1ULL << 30>(c, text);
  if (!problem || text != "0") return problem;
  c.legacy_fifo_size = 0;
  return std::nullopt;
}

Problem set_sync(Config& c, std::string_view text) {
  constexpr std::array<std::string_view, 4> names{"none", "second", "fatal", "message"};  // as SyncMode has them
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) return "expected none, second, fatal or message";
  c.storage_sync = static_cast<SyncMode>(at - names.begin());
  return std::nullopt;
}

Problem set_delimiter(Config& c, std::string_view text) {
  constexpr std::string_view good = "!\"#$%&'()*+,-:;<=>?@[]^_`{|}~";  // punctuation that may stand in any file name
  if (text.size() != 1 || good.find(text.front()) == std::string_view::npos)
    return "expected one punctuation character, but no '.', '/' or '\\'";
  c.logstorage_naming.delimiter = text.front();
  return std::nullopt;
}

Problem set_max_counter(Config& c, std::string_view text) {
  const auto v = number(text);
  if (!v || *v == 0 || *v > 4'294'967'295) return out_of(1, 4'294'967'295);
  c.logstorage_naming.max_counter = static_cast<std::uint32_t>(*v);
  return std::nullopt;
}

template <auto Member>
Problem set_naming_flag(Config& c, std::string_view text) {
  if (text != "0" && text != "1") return "expected 0 or 1";
  c.logstorage_naming.*Member = text == "1";
  return std::nullopt;
}

// The incumbent's flag for more of its own log.
Problem set_verbose(Config& c, std::string_view text) {
  if (text != "0" && text != "1") return "expected 0 or 1";
  if (text == "1") c.logging_level = 7;
  return std::nullopt;
}

constexpr std::uint64_t GiB = 1ULL << 30;

struct Key {
  std::string_view name;
  Setter setter;
};

constexpr std::array keys{
    Key{"ECUId", set_ecu},
    Key{"ApplicationSocketPath", set_path<&Config::app_socket>},
    Key{"ApplicationSocketMode", set_mode},
    Key{"ApplicationSocketGroup", set_text<&Config::app_socket_group>},
    Key{"ApplicationBindAddress", set_addresses<&Config::app_bind>},
    Key{"ApplicationPort", set_app_port},
    Key{"LegacyFifo", set_flag<&Config::legacy_fifo>},
    Key{"LegacyDirectory", set_path<&Config::legacy_directory>},
    Key{"DaemonFIFOSize", set_fifo_size},
    Key{"DaemonFifoGroup", set_text<&Config::legacy_fifo_group>},
    Key{"LegacySocketPath", set_path<&Config::legacy_socket>},
    Key{"MaxApplications", set_number<&Config::max_applications, 1, 100'000>},
    Key{"MaxApplicationsPerUser", set_number<&Config::max_applications_per_user, 1, 100'000>},
    Key{"MaxContexts", set_number<&Config::max_contexts, 1, 1'000'000>},
    Key{"MaxContextsPerUser", set_number<&Config::max_contexts_per_user, 1, 1'000'000>},
    Key{"MaxHandshakes", set_number<&Config::max_handshakes, 1, 100'000>},
    Key{"HandshakeTimeout", set_duration<&Config::handshake_timeout, 1, 3600>},
    Key{"ApplicationRateLimit", set_size<&Config::application_rate, 0, 1024 * GiB>},
    Key{"ApplicationRateBurst", set_size<&Config::application_burst, 64 * 1024, GiB>},
    Key{"ApplicationQuotas", set_quotas},
    Key{"SuppressRepetitions", set_flag<&Config::suppress_repetitions>},
    Key{"ApplicationIdOwner", set_id_owner},
    Key{"ReservedApplicationIds", set_reserved_ids},
    Key{"BindAddress", set_addresses<&Config::bind>},
    Key{"Port", set_number<&Config::port, 0, 65'535>},
    Key{"MaxClients", set_number<&Config::max_clients, 1, 10'000>},
    Key{"ClientQueueSize", set_size<&Config::client_queue, 64 * 1024, GiB>},
    Key{"ClientStallLimit", set_duration<&Config::client_stall, 0, 60'000>},
    Key{"ClientTimeout", set_duration<&Config::client_timeout, 1, 3600>},
    Key{"PeerTimeout", set_duration<&Config::peer_timeout, 1, 3600>},
    Key{"SendSerialHeader", set_flag<&Config::send_serial_header>},
    Key{"ControlSocketPath", set_path<&Config::control_socket>},
    Key{"GatewayMode", set_flag<&Config::gateway>},
    Key{"GatewayConfigFile", set_path<&Config::gateway_file>},
    Key{"StatusSocketPath", set_path<&Config::status_socket>},
    Key{"RingbufferMaxSize", set_size<&Config::ring_size, 0, 4 * GiB>},
    Key{"RingbufferReplay", set_replay},
    Key{"ContextLogLevel", set_number<&Config::context_level, 0, 6>},
    Key{"ContextTraceStatus", set_number<&Config::context_trace, 0, 1>},
    Key{"ForceContextLogLevelAndTraceStatus", set_flag<&Config::force_levels>},
    Key{"PersistanceStoragePath", set_path<&Config::persistence_directory>},
    Key{"SendContextRegistration", set_flag<&Config::send_context_registration>},
    Key{"SendContextRegistrationOption", set_number<&Config::registration_option, 3, 7>},
    Key{"SendMessageTime", set_flag<&Config::send_message_time>},
    Key{"SendECUSoftwareVersion", set_flag<&Config::send_version>},
    Key{"PathToECUSoftwareVersion", set_path<&Config::version_file>},
    Key{"ECUSoftwareVersionFileField", set_text<&Config::version_field>},
    Key{"SendTimezone", set_flag<&Config::send_timezone>},
    Key{"InjectionMode", set_flag<&Config::injections>},
    Key{"OfflineTraceDirectory", set_path<&Config::storage_directory>},
    Key{"OfflineTraceFileSize", set_size<&Config::storage_file_size, 4096, 1024 * GiB>},
    Key{"OfflineTraceMaxSize", set_size<&Config::storage_max_size, 4096, 1024 * 1024 * GiB>},
    Key{"OfflineTraceMaxFiles", set_number<&Config::storage_max_files, 1, 1'000'000>},
    Key{"OfflineTraceCompression", set_flag<&Config::storage_compression>},
    Key{"OfflineTraceQueueSize", set_size<&Config::storage_queue, 1 << 20, GiB>},
    Key{"OfflineTraceStallLimit", set_duration<&Config::storage_stall, 0, 60'000>},
    Key{"OfflineTraceSync", set_sync},
    Key{"OfflineTraceFlushInterval", set_duration<&Config::storage_flush, 1, 60'000>},
    Key{"OfflineLogstorageMaxDevices", set_number<&Config::logstorage_devices, 0, 16>},
    Key{"OfflineLogstorageDirPath", set_path<&Config::logstorage_directory>},
    Key{"OfflineLogstorageTimestamp", set_naming_flag<&logstorage::Naming::timestamp>},
    Key{"OfflineLogstorageDelimiter", set_delimiter},
    Key{"OfflineLogstorageMaxCounter", set_max_counter},
    Key{"OfflineLogstorageOptionalIndex", set_naming_flag<&logstorage::Naming::optional_index>},
    Key{"OfflineLogstorageCacheSize", set_number<&Config::logstorage_cache_kib, 0, 16 * 1024 * 1024>},
    Key{"SnapshotDirectory", set_path<&Config::snapshot_directory>},
    Key{"SnapshotMaxSize", set_size<&Config::snapshot_max_size, 4096, 1024 * GiB>},
    Key{"SnapshotMaxFiles", set_number<&Config::snapshot_max_files, 1, 100'000>},
    Key{"SnapshotInterval", set_duration<&Config::snapshot_interval, 0, 86'400>},
    Key{"RecorderSize", set_size<&Config::recorder_size, 0, recorder_bytes_most>},
    Key{"RecorderMessages", set_number<&Config::recorder_messages, 0, 1'000'000'000>},
    Key{"LoggingMode", set_number<&Config::logging_mode, 0, 3>},
    Key{"LoggingLevel", set_number<&Config::logging_level, 0, 7>},
    Key{"LoggingFilename", set_path<&Config::logging_file>},
    Key{"EnableLoggingFileLimit", set_flag<&Config::logging_limited>},
    Key{"LoggingFileSize", set_size<&Config::logging_file_size, 4096, GiB>},
    Key{"LoggingFileMaxSize", set_size<&Config::logging_max_size, 4096, 1024 * GiB>},
};

// The incumbent's names for what has another one here.
constexpr std::array other_names{
    Key{"TimeOutOnSend", set_duration<&Config::client_timeout, 1, 3600>},
    Key{"Verbose", set_verbose},
};

constexpr std::size_t most_errors = 20;  // that are told of one file
constexpr std::uint64_t most_client_bytes = 64 * GiB;

// In a file of the incumbent's it is cut as there, and noted; anywhere else it is wrong.
std::string_view cut_ecu(std::string_view value, const std::string& where, std::vector<ConfigError>* notes) {
  const auto cut = cut_id(value);
  if (!cut || notes == nullptr) return value;
  if (notes->size() < most_errors) notes->push_back({where, "ECUId: " + *cut});
  return value.substr(0, id_length);
}

// The line without its comment.
std::string_view without_comment(std::string_view line) noexcept {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
  return line;
}

std::optional<std::string> check_legacy(const Config& config) {
  if (config.legacy_fifo && config.legacy_directory.empty()) return "LegacyFifo = 1 wants a LegacyDirectory";
  if (config.legacy_socket.empty()) return std::nullopt;
  if (config.legacy_socket == config.app_socket) return "LegacySocketPath and ApplicationSocketPath are the same";
  if (config.legacy_socket == config.status_socket) return "LegacySocketPath and StatusSocketPath are the same";
  if (config.legacy_socket == config.control_socket) return "LegacySocketPath and ControlSocketPath are the same";
  if (config.legacy_fifo && config.legacy_socket == config.legacy_directory + "/dlt")
    return "LegacySocketPath is the name of the FIFO in LegacyDirectory";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> set(Config& config, std::string_view key, std::string_view value) {
  const auto named = [&](const Key& x) { return x.name == key; };
  const auto* k = std::find_if(keys.begin(), keys.end(), named);
  if (k == keys.end()) k = std::find_if(other_names.begin(), other_names.end(), named);
  if (k == other_names.end()) return "unknown key " + quoted(key);
  auto problem = k->setter(config, value);
  if (problem) return std::string(key) + " = " + quoted(value) + ": " + *problem;
  return std::nullopt;
}

std::vector<ConfigError> parse(Config& config, std::string_view text, const std::string& file,
                               std::vector<ConfigError>* notes) {
  std::vector<ConfigError> errors;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trim(without_comment(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const auto where = file + ":" + std::to_string(number);
    const auto equals = std::min(line.find('='), line.size());
    const auto key = trim(line.substr(0, equals));
    auto value = trim(line.substr(std::min(equals + 1, line.size())));
    if (key == "ECUId") value = cut_ecu(value, where, notes);
    if (const auto answer = answer_incumbent_key(key, value)) {
      if (notes != nullptr && !answer->empty() && notes->size() < most_errors) notes->push_back({where, *answer});
      continue;
    }
    const auto problem =
        equals == line.size() ? std::optional("expected `Key = value`, not " + quoted(line)) : set(config, key, value);
    if (!problem) continue;
    if (errors.size() == most_errors) return errors.push_back({where, "too many errors: the rest is not read"}), errors;
    errors.push_back({where, *problem});
  }
  return errors;
}

std::optional<std::string> check(const Config& config) {
  if (config.storage_max_size < config.storage_file_size)
    return "OfflineTraceMaxSize is smaller than OfflineTraceFileSize: not even one file would be kept";
  if (config.client_queue > most_client_bytes / config.max_clients)
    return "MaxClients times ClientQueueSize is more than " + std::to_string(most_client_bytes / GiB) + " GiB";
  if (!config.app_socket.empty() && config.app_socket == config.status_socket)
    return "ApplicationSocketPath and StatusSocketPath are the same";
  if (!config.control_socket.empty() &&
      (config.control_socket == config.app_socket || config.control_socket == config.status_socket))
    return "ControlSocketPath is the path of another socket";
  if (config.recorder_size != 0 && config.recorder_size < recorder_bytes_least)
    return "RecorderSize is at least 1M, or 0";
  if (config.recorder_size != 0 && config.snapshot_directory.empty())
    return "RecorderSize needs a SnapshotDirectory for what it keeps";
  if (config.gateway && config.gateway_file.empty()) return "GatewayMode = 1 needs a GatewayConfigFile";
  if (config.logging_mode == 2 && config.logging_file.empty()) return "LoggingMode = 2 needs a LoggingFilename";
  if (config.logging_limited && config.logging_max_size < config.logging_file_size)
    return "LoggingFileMaxSize is smaller than LoggingFileSize: not even one file would be kept";
  return check_legacy(config);
}

std::vector<std::string_view> config_keys() {
  std::vector<std::string_view> names;
  for (const Key& k : keys) names.push_back(k.name);
  return names;
}

}  // namespace dlt::daemon
