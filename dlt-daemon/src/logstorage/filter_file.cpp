#include "logstorage/filter_file.hpp"

#include <optional>

#include "ini_lines.hpp"
#include "logstorage/filter_section.hpp"
#include "long_id.hpp"
#include "printable.hpp"

namespace dlt::daemon::logstorage {

namespace {

constexpr std::size_t most_problems = 20;

std::optional<Section::Kind> kind_of(std::string_view name) noexcept {
  if (is_numbered(name, "FILTER")) return Section::Kind::filter;
  if (is_numbered(name, "NON-VERBOSE-STORAGE-FILTER")) return Section::Kind::without_ids;
  if (is_numbered(name, "NON-VERBOSE-LOGLEVEL-CTRL")) return Section::Kind::levels_only;
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  void section(std::size_t number, std::string_view name, std::string_view text) {
    finish();
    passed_over_ = general_ = false;
    if (name == "General") return void(general_ = true);
    if (const auto kind = kind_of(name)) {
      section_.emplace(*kind, name);
      line_ = number;
      wrong_ = false;
      return;
    }
    passed_over_ = true;
    say(number, "'" + printable(text, 60) + "' is no section such as [FILTER1]: left out");
  }
  void pair(std::size_t number, std::string_view key, std::string_view value) {
    if (passed_over_) return;
    if (general_) return general(number, key, value);
    if (!section_) return say(number, "'" + printable(key, 60) + "' stands in no section");
    const auto result = section_->set(key, value);
    if (!result) return say(number, "unknown key '" + printable(key, 60) + "'");
    if (*result) return say(number, std::string(key) + " = '" + printable(value, 60) + "': " + **result);
    if (key == "EcuID") warn_of(number, key, value);
    else if (Section::lists_ids(key)) for_each_entry(value, [&](std::string_view id) { warn_of(number, key, id); });
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
  void warn_of(std::size_t number, std::string_view key, std::string_view id) {
    const auto cut = cut_id(id);
    if (!cut || out_.warnings.size() >= most_problems) return;
    out_.warnings.push_back(file_ + ":" + std::to_string(number) + ": [" + section_->name() + "]: " + std::string(key) +
                            ": " + *cut);
  }
  void finish() {
    if (!section_) return;
    if (!wrong_)
      if (const auto problem = section_->check(out_.filters)) say(line_, *problem);
    if (!wrong_) out_.filters.push_back(section_->filter());
    section_.reset();
  }
  void say(std::size_t number, const std::string& what) {
    wrong_ = true;
    if (out_.problems.size() >= most_problems) return;
    const std::string in = section_ ? "[" + section_->name() + "] is left out: " : "";
    out_.problems.push_back(file_ + ":" + std::to_string(number) + ": " + in + what);
  }

  const std::string& file_;
  FilterFile out_;
  std::optional<Section> section_;
  std::size_t line_ = 0;  // where it begins
  bool wrong_ = false;    // something has been said about it already
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
