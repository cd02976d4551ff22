#include "sink/logstorage_sink.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <asio/io_context.hpp>
#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <sstream>
#include <thread>

#include "dlt-daemon/support/spans.hpp"
#include "dlt-daemon/support/stored.hpp"
#include "support/deadline.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

// What the daemon logs, for as long as this lives.
class CapturedLog {
 public:
  CapturedLog() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  [[nodiscard]] bool has(const std::string& what) const { return text_.str().find(what) != std::string::npos; }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

// The configuration of a device with one filter for everything.
void configure(const TempDir& dir, const std::string& file, const std::string& more = {}) {
  write_file(dir / "dlt_logstorage.conf",
             "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=" + file +
                 "\nFileSize=100000\nNOFiles=3\n" + more);
}

}  // namespace

TEST_CASE("a device that fails while the daemon ends: the log says how many messages are not stored") {
  const TempDir dir;
  configure(dir, "late", "SyncBehavior=ON_DAEMON_EXIT\n");
  const CapturedLog log;
  Pool pool;
  asio::io_context io;
  LogstorageSink::Options options;
  options.max_devices = 1;
  options.queue = Hold::limits(1 << 20, 1s, 1s);
  options.device.calls.write = [](int, const void*, std::size_t, off_t) -> ssize_t { return errno = EIO, -1; };
  options.device.retry_first = options.device.retry_longest = 1ms;
  LogstorageSink sink(io, options);
  std::optional<LogstorageSink::Status> connected;
  sink.connect(dir.path(), [&](LogstorageSink::Status status) { connected = status; });
  REQUIRE(eventually([&] { return io.poll(), io.restart(), connected.has_value(); }));
  REQUIRE(connected == LogstorageSink::Status::ok);
  sink.accept(numbered(pool, 0, 7), Clock::now());

  sink.stop();
  io.poll();  // what the device said

  CHECK(log.has("7 messages are not stored"));
}

TEST_CASE("a directory under another name is no second device: two would write over each other") {
  const TempDir dir;
  configure(dir, "one");
  Pool pool;
  asio::io_context io;
  LogstorageSink::Options options;
  options.max_devices = 2;
  options.queue = Hold::limits(1 << 20, 1s, 1s);
  options.naming.timestamp = false;
  LogstorageSink sink(io, options);
  const auto connect = [&](const std::string& path) {
    std::optional<LogstorageSink::Status> connected;
    sink.connect(path, [&](LogstorageSink::Status status) { connected = status; });
    REQUIRE(eventually([&] { return io.poll(), io.restart(), connected.has_value(); }));
    return *connected;
  };

  CHECK(connect(dir.path()) == LogstorageSink::Status::ok);
  CHECK(connect(dir / ".") == LogstorageSink::Status::error);
  CHECK(connect(dir.path()) == LogstorageSink::Status::ok);  // anew
  sink.accept(numbered(pool, 0, 7), Clock::now());
  sink.stop();

  CHECK(stored_numbers(read_file(dir / "one_1.dlt")) == up_to(7));
}

namespace {
std::atomic<bool> disk_hangs{false};  // set by the test, read by the device's thread
ssize_t slow_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  while (disk_hangs) std::this_thread::yield();
  return ::pwrite(fd, bytes, size, offset);
}
}  // namespace

TEST_CASE("what a slow device dropped just before the end, or its disconnection, stands in the log") {
  for (const bool disconnected : {false, true}) {
    const TempDir dir;
    configure(dir, "one");
    const CapturedLog log;
    Pool pool;
    asio::io_context io;
    LogstorageSink::Options options;
    options.max_devices = 1;
    options.queue = Hold::limits(1024, 1s, 1s);
    options.device.calls.write = slow_write;
    LogstorageSink sink(io, options);
    std::optional<LogstorageSink::Status> answer;
    const auto answered = [&](LogstorageSink::Status status) { answer = status; };
    const auto wait = [&] { return eventually([&] { return io.poll(), io.restart(), answer.has_value(); }); };
    sink.connect(dir.path(), answered);
    REQUIRE(wait());
    answer.reset();
    disk_hangs = true;
    sink.accept(numbered(pool, 0, 100), Clock::now());
    sink.push();
    sink.accept(numbered(pool, 100, 7), Clock::now());
    CHECK(sink.status().at(0).dropped == 7);

    if (disconnected) sink.disconnect(dir.path(), answered);
    disk_hangs = false;
    if (disconnected) CHECK(wait());
    sink.stop();

    CHECK(log.has(": 7 messages are not stored"));
  }
}
