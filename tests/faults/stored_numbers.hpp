// What storage made of numbered frames: the numbers in a folder's files.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dlt-daemon/support/wire.hpp"
#include "storage/recovery.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

struct StoredNumbers {
  std::vector<std::uint32_t> numbers;  // in the order of the files' names
  std::uint64_t skipped = 0;           // bytes that belong to no whole record
  std::uint64_t bytes = 0;
  std::size_t files = 0;

  // Whether each number is one more than the one before.
  [[nodiscard]] bool without_gap() const {
    for (std::size_t i = 1; i < numbers.size(); ++i)
      if (numbers[i] != numbers[i - 1] + 1) return false;
    return true;
  }
  [[nodiscard]] bool rising() const {
    for (std::size_t i = 1; i < numbers.size(); ++i)
      if (numbers[i] <= numbers[i - 1]) return false;
    return true;
  }
};

// `prefix`: with which the names of the files begin.
inline StoredNumbers stored_in(const std::filesystem::path& directory, const std::string& prefix = "dlt_") {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().filename().string().starts_with(prefix)) files[entry.path().filename()] = entry.path();
  StoredNumbers all;
  for (const auto& [name, path] : files) {
    const std::string bytes = read_file(path);
    daemon::Recovery recovery(name.ends_with(".zst"), [&](proto::Bytes record) {
      all.numbers.push_back(number_of(record.subspan(proto::storage_header_size)));
    });
    recovery.feed(proto::as_bytes(bytes));
    recovery.end();
    all.skipped += recovery.skipped_bytes();
    all.bytes += bytes.size();
    ++all.files;
  }
  return all;
}

}  // namespace dlt::test
