#include "sink/storage_sink.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <sstream>

#include "dlt-daemon/support/spans.hpp"
#include "support/deadline.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

std::atomic<bool> disk_full{false};  // set by the test, read by the storage thread

ssize_t moody_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (disk_full) return errno = ENOSPC, -1;
  return ::pwrite(fd, bytes, size, offset);
}

Writer::Options options(const TempDir& dir) {
  Writer::Options o;
  o.files.directory = dir.path();
  o.files.compressed = false;
  o.retry_first = 1ms;
  o.retry_longest = 5ms;
  o.flush = 1ms;
  o.files.calls.write = moody_write;
  return o;
}

}  // namespace

TEST_CASE("storage holds back while it is full, then drops, counts, and recovers") {
  TempDir dir;
  Pool pool;
  disk_full = true;
  StorageSink sink(options(dir), Hold::limits(1 << 20, 100ms, 100ms));
  auto now = Clock::now();
  std::uint64_t offered = 0;
  const auto offer = [&] {
    sink.accept(numbered(pool, static_cast<std::uint32_t>(offered), 1000, 40), now);
    offered += 1000;
  };

  while (!sink.holds_back(now)) offer();
  now += 100ms;
  CHECK_FALSE(sink.holds_back(now));
  offer();
  CHECK(sink.status().dropped.messages == 1000);

  disk_full = false;
  CHECK(eventually([&] { return sink.status().queued_bytes == 0; }));
  offer();
  sink.stop();

  const auto status = sink.status();
  CHECK(status.dropped.messages == 1000);
  CHECK(status.written.messages + status.dropped.messages == offered);
}

TEST_CASE("the daemon's own frames are not stored") {
  TempDir dir;
  Pool pool;
  disk_full = false;
  StorageSink sink(options(dir), Hold::limits(1 << 20, 100ms, 100ms));
  auto span = numbered(pool, 0, 1);
  span.own = true;
  sink.accept(span, Clock::now());
  sink.stop();
  CHECK(sink.status().written.messages == 0);
}

TEST_CASE("what storage dropped just before the daemon ends stands in the log") {
  TempDir dir;
  Pool pool;
  disk_full = true;
  const auto before = spdlog::default_logger();
  std::ostringstream log;
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  StorageSink sink(options(dir), Hold::limits(1 << 20, 100ms, 100ms));
  auto now = Clock::now();
  while (!sink.holds_back(now)) sink.accept(numbered(pool, 0, 1000, 40), now);
  now += 100ms;
  sink.accept(numbered(pool, 0, 7, 40), now);

  disk_full = false;
  sink.stop();
  spdlog::set_default_logger(before);

  CHECK(log.str().find(": 7 messages are not stored") != std::string::npos);
}
