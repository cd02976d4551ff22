#include "logstorage/filter_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "ini_lines.hpp"
#include "printable.hpp"

namespace dlt::daemon::logstorage {

namespace {

using Problem = std::optional<std::string>;

constexpr std::size_t most_problems = 20;
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

Problem set_flag(bool& to, std::string_view text) {
  const bool on = text == "ON" || text == "1";
  if (!on && text != "OFF" && text != "0") return "expected ON or OFF";
  to = on;
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

// A section on its way, with what its filter does not tell.
struct Section {
  std::string name;
  std::size_t line = 0;
  Filter filter;
  bool has_apps = false;
  bool has_contexts = false;
  std::uint64_t files = 0;
  bool wrong = false;  // something has been said about it already
};

// Nothing: there is no such key.
std::optional<Problem> set(Section& s, std::string_view key, std::string_view value) {
  Filter& f = s.filter;
  if (key == "LogAppName") return s.has_apps = true, set_ids(f.apps, value);
  if (key == "ContextName") return s.has_contexts = true, set_ids(f.contexts, value);
  if (key == "ExcludedLogAppName") return set_ids(f.excluded_apps, value);
  if (key == "ExcludedContextName") return set_ids(f.excluded_contexts, value);
  if (key == "LogLevel") return set_level(f, value);
  if (key == "ResetLogLevel") return set_reset_level(f, value);
  if (key == "File") return set_file(f, value);
  if (key == "FileSize") return set_count(f.file_size, value);
  if (key == "NOFiles") return set_count(s.files, value);
  if (key == "SyncBehavior") return set_sync(f, value);
  if (key == "SpecificSize") return set_count(f.specific_size, value);
  if (key == "OverwriteBehavior") return set_overwrite(f, value);
  if (key == "EcuID") return set_ecu(f, value);
  if (key == "GzipCompression") return set_flag(f.gzip, value);
  if (key == "DisableNetwork") return set_flag(f.disable_network, value);
  return std::nullopt;
}

// What no single key shows.
Problem check(const Section& s, const std::vector<Filter>& others) {
  const Filter& f = s.filter;
  if (!s.has_apps) return "LogAppName is missing";
  if (!s.has_contexts) return "ContextName is missing";
  if (f.level == 0) return "LogLevel is missing";
  if (f.file.empty()) return "File is missing";
  if (f.file_size == 0) return "FileSize is missing";
  if (s.files == 0) return "NOFiles is missing";
  if (f.apps.empty() && f.contexts.empty() && f.ecu.empty()) return "with .* for both names EcuID is needed";
  if ((f.sync & sync::on_specific_size) != 0 && f.specific_size == 0) return "ON_SPECIFIC_SIZE needs a SpecificSize";
  if ((f.sync & sync::on_specific_size) != 0 && f.specific_size > f.file_size)
    return "SpecificSize is more than FileSize";
  if (others.size() == most_filters) return "only the first 64 filters of a file are used";
  for (const Filter& o : others)
    if (o.file == f.file &&
        (o.file_size != f.file_size || o.files != f.files || o.gzip != f.gzip || o.discard_new != f.discard_new))
      return "File is that of [" + o.name + "] as well, with other sizes";
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  void section(std::size_t number, std::string_view name, std::string_view text) {
    finish();
    passed_over_ = general_ = false;
    if (name == "General") return void(general_ = true);
    if (is_numbered(name, "FILTER")) {
      section_.emplace();
      section_->name = section_->filter.name = name;
      section_->line = number;
      return;
    }
    passed_over_ = true;
    if (name.starts_with("NON-VERBOSE-"))
      return say(number, "[" + printable(name, 60) + "]: messages without headers are not filtered here; left out");
    say(number, "'" + printable(text, 60) + "' is no section such as [FILTER1]: left out");
  }
  void pair(std::size_t number, std::string_view key, std::string_view value) {
    if (passed_over_) return;
    if (general_) return general(number, key, value);
    if (!section_) return say(number, "'" + printable(key, 60) + "' stands in no section");
    const auto result = set(*section_, key, value);
    if (!result) return say(number, "unknown key '" + printable(key, 60) + "'");
    if (*result) say(number, std::string(key) + " = '" + printable(value, 60) + "': " + **result);
  }
  void rubbish(std::size_t number, std::string_view text) {
    if (!passed_over_) say(number, "expected `Key = value`, not '" + printable(text, 60) + "'");
  }
  FilterFile end() {
    finish();
    return std::move(out_);
  }

 private:
  void general(std::size_t number, std::string_view key, std::string_view value) {
    if (key != "MaintainLogstorageLogLevel") return say(number, "[General]: unknown key '" + printable(key, 60) + "'");
    if (const auto problem = set_flag(out_.maintain_level, value))
      say(number, "[General]: " + std::string(key) + ": " + *problem);
  }
  void finish() {
    if (!section_) return;
    Section& s = *section_;
    s.filter.files = static_cast<std::uint32_t>(s.files);
    if (!s.wrong)
      if (const auto problem = check(s, out_.filters)) say(s.line, *problem);
    if (!s.wrong) out_.filters.push_back(std::move(s.filter));
    section_.reset();
  }
  void say(std::size_t number, const std::string& what) {
    if (section_) section_->wrong = true;
    if (out_.problems.size() >= most_problems) return;
    const std::string in = section_ ? "[" + section_->name + "] is left out: " : "";
    out_.problems.push_back(file_ + ":" + std::to_string(number) + ": " + in + what);
  }

  const std::string& file_;
  FilterFile out_;
  std::optional<Section> section_;
  bool general_ = false;
  bool passed_over_ = false;  // in a section that is left out
};

}  // namespace

FilterFile parse_filters(std::string_view text, const std::string& file) {
  Reader reader(file);
  read_ini(text, reader);
  return reader.end();
}

}  // namespace dlt::daemon::logstorage
