// Names of stored files, and which of them have to go.
//
//   dlt_00000042_20261121-235901.dlt.zst        running number, time in UTC when it was begun
//
// The number decides the order, so a clock that jumps back neither overwrites a file nor makes an old one look new.
// Pure; the storage thread's.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dlt::daemon {

[[nodiscard]] std::string stored_name(std::uint64_t number, std::int64_t unix_s, bool compressed);
// The running number; nothing if the file is not one of ours.
[[nodiscard]] std::optional<std::uint64_t> stored_number(std::string_view name) noexcept;

struct StoredFile {
  std::uint64_t number = 0;
  std::string name;
  std::uint64_t size = 0;  // bytes
};

class Retention {
 public:
  struct Limits {
    std::uint64_t bytes = 0;  // of all files together
    std::uint64_t files = 0;
  };

  explicit Retention(Limits limits) : limits_(limits) {}

  // What is in the directory, in any order. Replaces what was known.
  void found(std::vector<StoredFile> files);
  void begun(StoredFile file) { files_.push_back(std::move(file)); }
  void grown(std::uint64_t size) noexcept { files_.back().size = size; }  // of the newest

  // Removes from the list, and returns, the oldest files that have to go before a file that may become `coming` bytes
  // large is begun.
  [[nodiscard]] std::vector<StoredFile> make_room(std::uint64_t coming);

  [[nodiscard]] std::uint64_t next_number() const noexcept { return files_.empty() ? 1 : files_.back().number + 1; }
  [[nodiscard]] std::size_t files() const noexcept { return files_.size(); }

 private:
  const Limits limits_;
  std::deque<StoredFile> files_;  // by number, oldest first
};

}  // namespace dlt::daemon
