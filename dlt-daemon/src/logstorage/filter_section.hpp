// One section of a dlt_logstorage.conf on its way to becoming a filter: what each key sets, and what must not be
// missing.
//
//   [FILTERn]                      messages of applications and contexts, up to a level, into files
//   [NON-VERBOSE-STORAGE-FILTERn]  messages of an ECU that have no extended header, so neither ids nor level, into
//   files [NON-VERBOSE-LOGLEVEL-CTRLn]   nothing is stored; contexts of an ECU are told a level while the device is
//   connected
//
// Pure; one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logstorage/filter.hpp"

namespace dlt::daemon::logstorage {

// What is wrong with a value or a section, if anything is.
using Problem = std::optional<std::string>;

class Section {
 public:
  enum class Kind : std::uint8_t { filter, without_ids, levels_only };

  Section(Kind kind, std::string_view name) : kind_(kind) { filter_.name = name; }

  // Nothing: there is no such key.
  [[nodiscard]] std::optional<Problem> set(std::string_view key, std::string_view value);
  // What no single key shows. `others`: filters of the same file that are good.
  [[nodiscard]] Problem check(const std::vector<Filter>& others) const;
  [[nodiscard]] Filter filter() const;
  [[nodiscard]] const std::string& name() const noexcept { return filter_.name; }
  // Is the key's value a list of ids?
  [[nodiscard]] static bool lists_ids(std::string_view key) noexcept;

 private:
  [[nodiscard]] std::optional<Problem> set_which(std::string_view key, std::string_view value);
  [[nodiscard]] std::optional<Problem> set_where(std::string_view key, std::string_view value);
  [[nodiscard]] Problem check_which() const;
  [[nodiscard]] Problem check_where(const std::vector<Filter>& others) const;

  Kind kind_;
  Filter filter_;
  bool has_apps_ = false;
  bool has_contexts_ = false;
  std::uint64_t files_ = 0;
  bool gzip_ = false;
  bool zstd_ = false;
};

// ON or OFF, 1 or 0.
[[nodiscard]] Problem set_flag(bool& to, std::string_view text);

}  // namespace dlt::daemon::logstorage
