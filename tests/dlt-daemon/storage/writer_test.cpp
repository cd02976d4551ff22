#include "storage/writer.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "dlt-daemon/support/spans.hpp"
#include "dlt-daemon/support/stored.hpp"
#include "support/deadline.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

Writer::Options options(const TempDir& dir, bool compression) {
  Writer::Options o;
  o.files.directory = dir.path();
  o.files.compressed = compression;
  o.retry_first = 1ms;
  o.retry_longest = 5ms;
  return o;
}

// A disk that becomes full, seen by full_disk_write. Set by the test, read by the storage thread.
std::atomic<std::int64_t> disk_room{0};

ssize_t full_disk_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  const auto left = disk_room.load();
  if (left <= 0) return errno = ENOSPC, -1;
  const auto n = ::pwrite(fd, bytes, std::min(size, static_cast<std::size_t>(left)), offset);
  if (n > 0) disk_room -= n;
  return n;
}

}  // namespace

TEST_CASE("everything pushed is stored in order, plain and compressed") {
  for (const bool compression : {false, true}) {
    TempDir dir;
    Pool pool;
    {
      Writer writer(options(dir, compression));
      for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(writer.push(numbered(pool, i * 100, 100, 40)));
      writer.stop();
      CHECK(writer.status().written.messages == 10'000);
      CHECK(writer.status().dropped.messages == 0);
      CHECK(writer.queued_bytes() == 0);
    }
    CHECK(all_numbers(dir.path()) == up_to(10'000));
    CHECK(files_in(dir.path()).begin()->first.ends_with(compression ? ".dlt.zst" : ".dlt"));
  }
}

TEST_CASE("a message is in the file after the flush interval, without anything else happening") {
  TempDir dir;
  Pool pool;
  auto o = options(dir, true);
  o.flush = 10ms;
  Writer writer(o);
  REQUIRE(writer.push(numbered(pool, 0, 1)));
  CHECK(eventually([&] { return writer.status().written.messages == 1; }));
  CHECK(all_numbers(dir.path()) == up_to(1));
}

TEST_CASE("files are rotated by size, and every one of them is whole") {
  for (const bool compression : {false, true}) {
    TempDir dir;
    Pool pool;
    auto o = options(dir, compression);
    o.files.file_size = compression ? 20'000 : 600'000;
    Writer writer(o);
    for (std::uint32_t i = 0; i < 300; ++i) REQUIRE(writer.push(numbered(pool, i * 100, 100, 40)));
    writer.stop();

    const auto files = files_in(dir.path());
    CHECK(files.size() > 2);
    CHECK(writer.status().files == files.size());
    for (const auto& [name, bytes] : files) {
      CHECK((bytes.size() <= o.files.file_size || compression));
      CHECK_FALSE(stored_numbers(compression ? unpack(bytes) : bytes).empty());
    }
    CHECK(all_numbers(dir.path()) == up_to(30'000));
  }
}

TEST_CASE("the oldest files are deleted, other people's are not") {
  TempDir dir;
  write_file(dir / "notes.txt", "mine");
  Pool pool;
  auto o = options(dir, false);
  o.files.file_size = 300'000;
  o.files.keep = {1'000'000, 100};
  Writer writer(o);
  for (std::uint32_t i = 0; i < 500; ++i) REQUIRE(writer.push(numbered(pool, i * 100, 100, 40)));
  writer.stop();

  std::uint64_t total = 0;
  for (const auto& [name, bytes] : files_in(dir.path())) total += name == "notes.txt" ? 0 : bytes.size();
  CHECK(total <= 1'000'000);
  CHECK(read_file(dir / "notes.txt") == "mine");
  std::filesystem::remove(dir / "notes.txt");
  const auto kept = all_numbers(dir.path());
  CHECK(kept.back() == 49'999);
  CHECK(kept.size() == kept.back() - kept.front() + 1);
}

TEST_CASE("a second run begins a new file and overwrites none") {
  TempDir dir;
  Pool pool;
  for (std::uint32_t run = 0; run < 3; ++run) {
    Writer writer(options(dir, true));
    REQUIRE(writer.push(numbered(pool, run * 10, 10)));
    writer.stop();
  }
  CHECK(files_in(dir.path()).size() == 3);
  CHECK(all_numbers(dir.path()) == up_to(30));
}

TEST_CASE("a torn tail loses the last zstd frame only") {
  TempDir dir;
  Pool pool;
  Writer writer(options(dir, true));
  for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(writer.push(numbered(pool, i * 100, 100, 40)));
  writer.stop();
  const std::string whole = files_in(dir.path()).begin()->second;
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < whole.size();) {
    at += frame_size(whole, at);
    ends.push_back(at);
  }
  REQUIRE(ends.size() > 2);
  const std::size_t before_last = ends[ends.size() - 2];
  const auto kept = stored_numbers(unpack(whole.substr(0, before_last))).size();

  for (std::size_t cut = before_last; cut < whole.size(); cut += 97) {
    const auto numbers = stored_numbers(unpack(whole.substr(0, cut)));
    CHECK(numbers.size() == kept);
  }
}

TEST_CASE("a full disk suspends storage, nothing is torn, and it goes on when there is room") {
  for (const bool compression : {false, true}) {
    TempDir dir;
    Pool pool;
    auto o = options(dir, compression);
    o.files.calls.write = full_disk_write;
    disk_room = compression ? 3'000 : 300'000;
    Writer writer(o);
    for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(writer.push(numbered(pool, i * 100, 100, 40)));

    CHECK(eventually([&] { return writer.status().state == StorageStatus::State::suspended; }));
    CHECK_FALSE(writer.status().problem.empty());
    const auto stored = writer.status().written.messages;
    CHECK(all_numbers(dir.path()) == up_to(static_cast<std::uint32_t>(stored)));

    disk_room = 1 << 30;
    CHECK(eventually([&] { return writer.status().state == StorageStatus::State::writing; }));
    writer.stop();
    CHECK(all_numbers(dir.path()) == up_to(10'000));
    CHECK(writer.status().dropped.messages == 0);
  }
}

TEST_CASE("ending on a full disk counts what is not in the file") {
  TempDir dir;
  Pool pool;
  auto o = options(dir, false);
  o.files.calls.write = full_disk_write;
  disk_room = 300'000;
  Writer writer(o);
  for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(writer.push(numbered(pool, i * 100, 100, 40)));
  writer.stop();

  const auto status = writer.status();
  CHECK(status.dropped.messages > 0);
  CHECK(status.written.messages + status.dropped.messages == 10'000);
  CHECK(all_numbers(dir.path()).size() == status.written.messages);
}

TEST_CASE("a directory that cannot be made suspends storage until it can") {
  TempDir dir;
  Pool pool;
  write_file(dir / "taken", "a file where the directory should be");
  auto o = options(dir, true);
  o.files.directory = dir / "taken";
  Writer writer(o);
  REQUIRE(writer.push(numbered(pool, 0, 10)));
  REQUIRE(writer.push(numbered(pool, 10, 10)));
  CHECK(eventually([&] { return writer.status().state == StorageStatus::State::suspended; }));

  std::filesystem::remove(dir / "taken");

  CHECK(eventually([&] { return writer.status().written.messages > 0; }));
  writer.stop();
  CHECK(writer.status().written.messages == 20);
}
