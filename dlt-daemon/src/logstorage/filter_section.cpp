#include "logstorage/filter_section.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "ini_lines.hpp"
#include "logstorage/filter_file.hpp"
#include "printable.hpp"

namespace dlt::daemon::logstorage {

namespace {

constexpr std::size_t most_ids = 100;      // in one list
constexpr std::size_t longest_file = 128;  // characters of File

template <class Id>
Problem set_ids(std::vector<Id>& ids, std::string_view text) {
  std::vector<Id> all;
  bool wild = false;
  bool wrong = text.empty();
  for_each_entry(text, [&](std::string_view one) {
    if (one.empty()) wrong = true;
    else if (one == ".*") wild = true;
    else all.emplace_back(one);
  });
  if (wrong || all.size() > most_ids) return "expected up to 100 ids with ',' between them, or .*";
  ids = wild ? std::vector<Id>{} : std::move(all);
  return std::nullopt;
}

Problem set_count(std::uint64_t& to, std::string_view text) {
  std::uint64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc{} || end != text.data() + text.size() || v == 0 ||
      v > std::numeric_limits<std::uint32_t>::max())
    return "expected a number from 1 to 4294967295";
  to = v;
  return std::nullopt;
}

constexpr std::array<std::string_view, 7> levels{"DLT_LOG_OFF",  "DLT_LOG_FATAL", "DLT_LOG_ERROR",  "DLT_LOG_WARN",
                                                 "DLT_LOG_INFO", "DLT_LOG_DEBUG", "DLT_LOG_VERBOSE"};

std::optional<std::int8_t> level_of(std::string_view text) noexcept {
  const auto* const at = std::find(levels.begin(), levels.end(), text);
  if (at == levels.end()) return std::nullopt;
  return static_cast<std::int8_t>(at - levels.begin());
}

Problem set_level(Filter& f, std::string_view text) {
  const auto level = level_of(text);
  if (!level || *level == 0) return "expected DLT_LOG_FATAL, ERROR, WARN, INFO, DEBUG or VERBOSE";
  f.level = *level;
  return std::nullopt;
}

Problem set_reset_level(Filter& f, std::string_view text) {
  f.reset_level = level_of(text);
  if (!f.reset_level) return "expected DLT_LOG_OFF, FATAL, ERROR, WARN, INFO, DEBUG or VERBOSE";
  return std::nullopt;
}

// A name beneath the device: no way leads out of it.
Problem set_file(Filter& f, std::string_view text) {
  bool wrong = text.empty() || text.size() > longest_file || text.front() == '/' || text.back() == '/';
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('/'), rest.size());
    const auto part = rest.substr(0, end);
    wrong = wrong || part == "." || part == ".." || part.empty();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  wrong = wrong || std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  if (wrong) return "expected a file name of at most 128 characters beneath the device, without '..'";
  f.file = text;
  return std::nullopt;
}

Problem set_sync(Filter& f, std::string_view text) {
  struct Name {
    std::string_view text;
    std::uint8_t flag;
  };
  constexpr std::array names{Name{"ON_MSG", sync::on_message},
                             Name{"ON_DAEMON_EXIT", sync::on_daemon_exit},
                             Name{"ON_DEMAND", sync::on_demand},
                             Name{"ON_DEVICE_DISCONNECT", sync::on_disconnect},
                             Name{"ON_SPECIFIC_SIZE", sync::on_specific_size},
                             Name{"ON_FILE_SIZE", sync::on_file_size}};
  std::uint8_t flags = 0;
  std::string unknown;
  for_each_entry(text, [&](std::string_view one) {
    const auto* const at = std::find_if(names.begin(), names.end(), [&](const Name& n) { return n.text == one; });
    if (at != names.end()) flags = static_cast<std::uint8_t>(flags | at->flag);
    else unknown = "'" + printable(one, 40) + "' is none of the behaviours";
  });
  if (!unknown.empty()) return unknown;
  if (flags == 0) return "expected a behaviour such as ON_MSG";
  if ((flags & sync::on_message) != 0 && flags != sync::on_message) return "ON_MSG does not go with others";
  if ((flags & sync::on_file_size) != 0 && (flags & sync::on_specific_size) != 0)
    return "ON_FILE_SIZE does not go with ON_SPECIFIC_SIZE";
  f.sync = flags;
  return std::nullopt;
}

Problem set_ecu(Filter& f, std::string_view text) {
  if (text.empty()) return "expected an id of up to four characters";
  f.ecu = EcuId(text);
  return std::nullopt;
}

Problem set_overwrite(Filter& f, std::string_view text) {
  if (text != "DISCARD_OLD" && text != "DISCARD_NEW") return "expected DISCARD_OLD or DISCARD_NEW";
  f.discard_new = text == "DISCARD_NEW";
  return std::nullopt;
}

}  // namespace

Problem set_flag(bool& to, std::string_view text) {
  const bool on = text == "ON" || text == "1";
  if (!on && text != "OFF" && text != "0") return "expected ON or OFF";
  to = on;
  return std::nullopt;
}

std::optional<Problem> Section::set(std::string_view key, std::string_view value) {
  if (key == "EcuID") return set_ecu(filter_, value);
  constexpr std::string_view not_here = "is no key of this kind of section";
  if (const auto result = set_which(key, value)) {
    if (kind_ == Kind::without_ids) return Problem(not_here);
    return result;
  }
  if (const auto result = set_where(key, value)) {
    if (kind_ == Kind::levels_only) return Problem(not_here);
    return result;
  }
  return std::nullopt;
}

bool Section::lists_ids(std::string_view key) noexcept {
  return key == "LogAppName" || key == "ContextName" || key == "ExcludedLogAppName" || key == "ExcludedContextName";
}

// Which messages, and what becomes of their contexts' levels.
std::optional<Problem> Section::set_which(std::string_view key, std::string_view value) {
  Filter& f = filter_;
  if (key == "LogAppName") return has_apps_ = true, set_ids(f.apps, value);
  if (key == "ContextName") return has_contexts_ = true, set_ids(f.contexts, value);
  if (key == "ExcludedLogAppName") return set_ids(f.excluded_apps, value);
  if (key == "ExcludedContextName") return set_ids(f.excluded_contexts, value);
  if (key == "LogLevel") return set_level(f, value);
  if (key == "ResetLogLevel") return set_reset_level(f, value);
  return std::nullopt;
}

std::optional<Problem> Section::set_where(std::string_view key, std::string_view value) {
  Filter& f = filter_;
  if (key == "File") return set_file(f, value);
  if (key == "FileSize") return set_count(f.file_size, value);
  if (key == "NOFiles") return set_count(files_, value);
  if (key == "SyncBehavior") return set_sync(f, value);
  if (key == "SpecificSize") return set_count(f.specific_size, value);
  if (key == "OverwriteBehavior") return set_overwrite(f, value);
  if (key == "GzipCompression") return set_flag(gzip_, value);
  if (key == "ZstdCompression") return set_flag(zstd_, value);
  if (key == "DisableNetwork") return set_flag(f.disable_network, value);
  return std::nullopt;
}

Problem Section::check(const std::vector<Filter>& others) const {
  if (others.size() == most_filters) return "only the first 64 filters of a file are used";
  if (kind_ != Kind::without_ids)
    if (auto problem = check_which()) return problem;
  if (kind_ != Kind::filter && filter_.ecu.empty()) return "EcuID is missing";
  return kind_ == Kind::levels_only ? std::nullopt : check_where(others);
}

Problem Section::check_which() const {
  const Filter& f = filter_;
  if (!has_apps_) return "LogAppName is missing";
  if (!has_contexts_) return "ContextName is missing";
  if (f.level == 0) return "LogLevel is missing";
  if (f.apps.empty() && f.contexts.empty() && f.ecu.empty()) return "with .* for both names EcuID is needed";
  return std::nullopt;
}

Problem Section::check_where(const std::vector<Filter>& others) const {
  const Filter f = filter();
  if (f.file.empty()) return "File is missing";
  if (f.file_size == 0) return "FileSize is missing";
  if (f.files == 0) return "NOFiles is missing";
  if (gzip_ && zstd_) return "GzipCompression does not go with ZstdCompression";
  if ((f.sync & sync::on_specific_size) != 0 && f.specific_size == 0) return "ON_SPECIFIC_SIZE needs a SpecificSize";
  if ((f.sync & sync::on_specific_size) != 0 && f.specific_size > f.file_size)
    return "SpecificSize is more than FileSize";
  for (const Filter& o : others)
    if (o.file == f.file && (o.file_size != f.file_size || o.files != f.files || o.compression != f.compression ||
                             o.discard_new != f.discard_new))
      return "File is that of [" + o.name + "] as well, with other sizes";
  return std::nullopt;
}

Filter Section::filter() const {
  Filter f = filter_;
  f.files = static_cast<std::uint32_t>(files_);
  if (gzip_) f.compression = Compression::gzip;
  if (zstd_) f.compression = Compression::zstd;
  return f;
}

}  // namespace dlt::daemon::logstorage
