// What a snapshot of a flight recorder holds (apps/recorded.cpp), read with the reader of stored files and with the
// incumbent's. The test's main thread.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dlt/proto/message.hpp"
#include "storage/recovery.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

struct RecordedFile {
  std::string note;                                             // the first message
  std::map<std::uint32_t, std::vector<std::uint64_t>> numbers;  // by thread, in their order
  std::uint64_t messages = 0;                                   // with the note
  std::uint64_t skipped = 0;                                    // bytes that are no message
  std::uint64_t disorder = 0;                                   // messages that were received before the one before

  explicit RecordedFile(const std::string& path) {
    std::int64_t last = 0;
    daemon::Recovery recovery(true, [&](proto::Bytes record) {
      const auto at = std::int64_t{proto::load_le<std::uint32_t>(record.data() + 4)} * 1'000'000 +
                      proto::load_le<std::uint32_t>(record.data() + 8);
      take(record.subspan(proto::storage_header_size));
      if (messages > 2 && at < last) ++disorder;
      last = at;
    });
    const std::string bytes = read_file(path);
    recovery.feed(proto::as_bytes(bytes));
    recovery.end();
    skipped = recovery.skipped_bytes();
  }

 private:
  void take(proto::Bytes frame) {
    const auto m = proto::MessageView::parse(frame);
    REQUIRE(m);
    if (messages++ == 0) {
      for (auto a = m->arguments(); a.more();) {
        const auto one = a.next();
        REQUIRE(one);
        if (const auto* text = std::get_if<proto::Text>(&one->value)) note += std::string(text->text) + " ";
        if (const auto* n = std::get_if<std::uint64_t>(&one->value)) note += std::to_string(*n) + " ";
      }
      return;
    }
    auto a = m->arguments();
    const auto thread = a.next();
    const auto number = a.next();
    REQUIRE((thread && number));
    numbers[static_cast<std::uint32_t>(std::get<std::uint64_t>(thread->value))].push_back(
        std::get<std::uint64_t>(number->value));
  }
};

// The snapshots in a directory, oldest first. A daemon may remove some meanwhile.
inline std::vector<std::string> snapshots_in(const std::filesystem::path& dir) {
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> files;
  std::error_code none;
  for (const auto& e : std::filesystem::directory_iterator(dir, none)) {
    std::error_code gone;
    const auto time = e.last_write_time(gone);
    if (!gone && e.path().filename().string().ends_with(".dlt.zst")) files.emplace_back(time, e.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> paths;
  for (const auto& [time, path] : files) paths.push_back(path);
  return paths;
}

// As many messages as dlt-convert finds in it.
inline std::uint64_t converted(const std::string& path) {
  const TempDir dir;
  const std::string plain = dir / "x.dlt";
  const Outcome unpacked = run({"sh", "-c", "zstdcat \"$0\" > \"$1\"", path, plain});
  REQUIRE(unpacked.code == 0);
  const Outcome counted = run({"dlt-convert", "-c", plain});
  const auto at = counted.out.find("Total number of messages: ");
  INFO(counted.out);
  REQUIRE(at != std::string::npos);
  return std::stoull(counted.out.substr(at + 26));
}

}  // namespace dlt::test
