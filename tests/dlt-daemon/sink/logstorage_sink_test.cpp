#include "sink/logstorage_sink.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <sstream>

#include "dlt-daemon/support/spans.hpp"
#include "dlt-daemon/support/stored.hpp"
#include "support/deadline.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;

TEST_CASE("a device that fails while the daemon ends: the log says how many messages are not stored") {
  const TempDir dir;
  write_file(dir / "dlt_logstorage.conf",
             "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=late\nFileSize=100000\n"
             "NOFiles=3\nSyncBehavior=ON_DAEMON_EXIT\n");
  const auto before = spdlog::default_logger();
  std::ostringstream log;
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
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
  spdlog::set_default_logger(before);

  CHECK(log.str().find("7 messages are not stored") != std::string::npos);
}

TEST_CASE("a directory under another name is no second device: two would write over each other") {
  const TempDir dir;
  write_file(dir / "dlt_logstorage.conf",
             "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=one\nFileSize=100000\n"
             "NOFiles=3\n");
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
