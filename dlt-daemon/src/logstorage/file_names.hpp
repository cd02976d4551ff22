// Names of logstorage's files, as the incumbent has them, and their order.
//
//   navigation_3_20261126-162428.dlt[.gz|.zst] base, delimiter, index, local time when it was begun
//   navigation_03.dlt                         MaxCounter = 12, no time: the index has as many digits as MaxCounter
//   navigation.dlt                            one file only, and the index is optional
//
// After MaxCounter the index begins at 1 again. What may be the name of another filter's file is none of these, and its
// index is passed over: beside a filter whose only file is nav_2.dlt the files of `nav` are nav_1, nav_3, ... Pure; any
// thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logstorage/filter.hpp"

namespace dlt::daemon::logstorage {

// Keys OfflineLogstorage* of the daemon's configuration.
struct Naming {
  char delimiter = '_';
  bool timestamp = true;
  std::uint32_t max_counter = std::numeric_limits<std::uint32_t>::max();  // that number: the index has no fixed width
  bool optional_index = false;  // where only one file is kept its name has no index

  friend bool operator==(const Naming&, const Naming&) = default;
};

class FileNames {
 public:
  // `base` without a folder; `files`: how many are kept. `others`: the names of other filters in the same folder; of
  // two that a name may belong to, the one with the longer base has it.
  FileNames(Naming naming, std::string base, std::uint32_t files, Compression compression,
            const std::vector<FileNames>& others = {});

  [[nodiscard]] std::string name(std::uint32_t index, const std::tm& local) const;
  // The index in a name; nothing if the file is none of these.
  [[nodiscard]] std::optional<std::uint32_t> index(std::string_view name) const noexcept;
  [[nodiscard]] std::uint32_t after(std::uint32_t index) const noexcept;
  [[nodiscard]] std::uint32_t first() const noexcept { return after(0); }

  struct Entry {
    std::uint32_t index = 0;
    std::string name;
    std::int64_t changed_ns = 0;  // when it was last written to: asked where indexes do not tell
  };
  // Oldest first. Where counting has wrapped, what is behind the largest gap is older; without one, as with as many
  // files as indexes, what is behind the one that was written to last.
  void order(std::vector<Entry>& files) const;

 private:
  [[nodiscard]] std::string_view suffix() const noexcept;
  [[nodiscard]] bool has_index() const noexcept { return !(files_ == 1 && naming_.optional_index); }
  [[nodiscard]] std::optional<std::uint32_t> index_in(std::string_view name) const noexcept;
  [[nodiscard]] bool is_passed_over(std::uint32_t index) const noexcept;
  [[nodiscard]] std::uint32_t steps(std::uint32_t from, std::uint32_t to) const noexcept;

  const Naming naming_;
  const std::string base_;
  const std::uint32_t files_;
  const Compression compression_;
  std::vector<FileNames> others_;           // whose names may look like these, mostly none
  std::vector<std::uint32_t> passed_over_;  // indexes that would make a name of theirs
};

}  // namespace dlt::daemon::logstorage
