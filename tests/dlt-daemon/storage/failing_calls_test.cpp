// Each system call of storage fails once, the n-th for every n, with each reason there is: nothing is lost, nothing
// is stored twice, no message is torn inside a file.
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "dlt-daemon/support/spans.hpp"
#include "dlt-daemon/support/stored.hpp"
#include "paths.hpp"
#include "storage/recovery.hpp"
#include "storage/writer.hpp"
#include "support/deadline.hpp"

#include <unistd.h>

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

constexpr int short_write = -1;  // a reason of ours: half of the bytes, then ENOSPC

// What goes wrong: calls first .. first + times - 1. Set before the writer starts, then the storage thread's.
struct Fault {
  int first = 0;
  int times = 0;
  int reason = 0;
};
Fault fault;
std::atomic<int> calls_made{0};
std::atomic<int> faults_made{0};

bool fails() {
  const int n = ++calls_made;
  if (n < fault.first || n >= fault.first + fault.times) return false;
  ++faults_made;
  errno = fault.reason == short_write ? ENOSPC : fault.reason;
  return true;
}

ssize_t failing_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (!fails()) return ::pwrite(fd, bytes, size, offset);
  if (fault.reason != short_write || size < 2) return -1;
  return ::pwrite(fd, bytes, size / 2, offset);
}

FileCalls failing_calls() {
  return {[](int directory, const char* name) { return fails() ? -1 : create_beneath(directory, name, 0640); },
          failing_write, [](int fd, off_t size) { return fails() ? -1 : ::ftruncate(fd, size); },
          [](int fd) { return fails() ? -1 : ::fdatasync(fd); },
          [](int directory, const char* name) { return fails() ? -1 : ::unlinkat(directory, name, 0); }};
}

// What is whole in all files, in order; how many bytes are not.
Numbers recovered(const std::filesystem::path& dir, std::uint64_t& skipped) {
  Numbers all;
  for (const auto& [name, bytes] : files_in(dir)) {
    Recovery recovery(name.ends_with(".zst"), [&](proto::Bytes record) {
      all.push_back(number_of(record.subspan(proto::storage_header_size)));
    });
    recovery.feed(proto::as_bytes(bytes));
    recovery.end();
    skipped += recovery.skipped_bytes();
  }
  return all;
}

struct Run {
  StorageStatus status;
  bool fired = false;
  Numbers stored;
  std::uint64_t torn = 0;  // bytes
  std::size_t files = 0;
};

// 1,200 messages in 6 segments and about 3 files, each written when its span is there.
Run run(bool compression, SyncMode sync) {
  TempDir dir;
  Pool pool;
  Writer::Options o;
  o.files.directory = dir / "made";
  o.files.compressed = compression;
  o.files.file_size = compression ? 2'500 : 40'000;
  o.files.calls = failing_calls();
  o.sync = sync;
  o.flush = 0ms;
  o.retry_first = o.retry_longest = 1ms;
  calls_made = faults_made = 0;
  spdlog::set_level(spdlog::level::off);
  Writer writer(o);
  std::uint32_t sent = 0;
  for (int i = 0; i < 6; ++i) {
    REQUIRE(writer.push(numbered(pool, sent, 200, 40)));
    sent += 200;
    REQUIRE(eventually([&] { return writer.status().written.messages == sent; }));
  }
  writer.stop();
  Run out{writer.status(), faults_made > 0, {}, 0, files_in(dir.path() / "made").size()};
  out.stored = recovered(dir.path() / "made", out.torn);
  return out;
}

}  // namespace

TEST_CASE("a piece that cannot be taken back stays torn at the end of its file, and nothing is glued to it") {
  for (const bool compression : {false, true}) {
    TempDir dir;
    auto calls = kernel_calls();
    calls.write = [](int fd, const void* bytes, std::size_t size, off_t offset) -> ssize_t {
      return size == 5000   ? ::pwrite(fd, bytes, 2500, offset)
             : size == 2500 ? (errno = EIO, -1)
                            : ::pwrite(fd, bytes, size, offset);
    };
    calls.truncate = [](int, off_t) { return errno = EIO, -1; };
    FileSeries files({.directory = dir.path(), .compressed = compression, .calls = calls});
    const std::vector<std::byte> whole(100);
    const std::vector<std::byte> half(5000, std::byte{1});

    REQUIRE(files.append(whole, false));
    for (int i = 0; i < 5; ++i) REQUIRE_FALSE(files.append(half, false));
    CHECK(files.problem().find("Input/output error") != std::string::npos);
    REQUIRE(files.append(whole, false));

    const auto stored = files_in(dir.path());
    REQUIRE(stored.size() == 2);
    CHECK(stored.begin()->second.size() == 100 + 2500);
    CHECK(stored.rbegin()->second.size() == 100);
  }
}

TEST_CASE("whatever call fails, at whatever time, storage goes on and its books are exact") {
  const std::vector<int> reasons{ENOSPC, EIO, EROFS, EDQUOT, EINTR, short_write};
  int injected = 0;
  for (const int reason : reasons)
    for (const int times : {1, 3}) {
      for (int n = 1;; ++n) {
        fault = {n, times, reason};
        const bool compression = n % 2 == 0;
        const SyncMode sync = n % 3 == 0 ? SyncMode::message : SyncMode::none;
        const Run r = run(compression, sync);
        if (!r.fired) break;
        ++injected;
        INFO("call " << n << ", " << times << " times: " << (reason < 0 ? "short write" : std::strerror(reason)));
        REQUIRE(r.status.written.messages == 1200);
        REQUIRE(r.status.dropped.messages == 0);
        REQUIRE(r.status.state == StorageStatus::State::writing);
        REQUIRE(r.torn == 0);
        REQUIRE(r.stored.size() == 1200);
        REQUIRE(std::is_sorted(r.stored.begin(), r.stored.end()));
        REQUIRE(std::adjacent_find(r.stored.begin(), r.stored.end()) == r.stored.end());
      }
      fault = {};
    }
  CHECK(injected > 80);
}

TEST_CASE("after a sync that failed for want of room the next file begins, too") {
  TempDir dir;
  auto calls = kernel_calls();
  calls.sync = [](int) { return errno = ENOSPC, -1; };
  FileSeries files({.directory = dir.path(), .compressed = false, .calls = calls});
  const std::vector<std::byte> whole(100);

  REQUIRE(files.append(whole, false));
  CHECK_FALSE(files.sync());
  REQUIRE(files.append(whole, false));

  CHECK(files_in(dir.path()).size() == 2);
}
