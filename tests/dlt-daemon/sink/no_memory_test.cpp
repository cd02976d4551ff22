// Sinks, and a link to a gateway, that are refused memory while they take messages: by an operator new that refuses one
// thread on demand. The whole daemon is refused memory in tests/faults/starved_daemon_test.cpp.
#include <spdlog/spdlog.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"
#include "session/unacknowledged.hpp"
#include "sink/logstorage_sink.hpp"
#include "sink/storage_sink.hpp"
#include "support/deadline.hpp"
#include "support/refusing_new.hpp"
#include "support/temp_dir.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an operator of their own

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t spans_each = 64;  // more than fit into what a queue has in reserve
constexpr std::uint32_t frames_each = 10;

// Whether `act` goes without memory and without an exception.
template <class Act>
bool without_memory(Act&& act) {
  (void)spdlog::default_logger_raw();  // made when it is first asked for: in the daemon that is at its start
  refuses = true;
  bool good = true;
  try {
    act();
  } catch (const std::bad_alloc&) {
    good = false;
  }
  refuses = false;
  return good;
}

std::vector<FrameSpan> routed_spans(Pool& pool) {
  std::vector<FrameSpan> spans;
  std::uint64_t routed = 0;
  for (std::uint32_t i = 0; i < spans_each; ++i) {
    spans.push_back(numbered(pool, i * frames_each, frames_each));
    spans.back().routed = routed += spans.back().size;
  }
  return spans;
}

}  // namespace

TEST_CASE("a span for whose place in the queue of storage there is no memory is dropped, counted, and takes no room") {
  const TempDir dir;
  Pool pool;
  const auto spans = routed_spans(pool);
  Writer::Options options;
  options.files.directory = dir.path();
  options.flush = 1ms;
  StorageSink sink(options, Hold::limits(1 << 20, 1s, 1s));

  bool good = true;
  for (const FrameSpan& span : spans) good = without_memory([&] { sink.accept(span, Clock::now()); }) && good;
  CHECK(good);
  CHECK(eventually([&] { return sink.settled() == Sink::all_settled; }));
  sink.stop();

  const auto status = sink.status();
  CHECK(status.queued_bytes == 0);
  CHECK(status.dropped.messages > 0);
  CHECK(status.written.messages + status.dropped.messages == spans_each * frames_each);
}

TEST_CASE("messages for whose place in the queue of a device there is no memory are dropped, counted, take no room") {
  const TempDir dir;
  write_file(dir / "dlt_logstorage.conf",
             "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=all\nFileSize=100000\n"
             "NOFiles=3\n");
  Pool pool;
  const auto spans = routed_spans(pool);
  asio::io_context io;
  LogstorageSink::Options options;
  options.max_devices = 1;
  options.queue = Hold::limits(1 << 20, 1s, 1s);
  LogstorageSink sink(io, options);
  std::optional<LogstorageSink::Status> connected;
  sink.connect(dir.path(), [&](LogstorageSink::Status status) { connected = status; });
  REQUIRE(eventually([&] { return io.poll(), io.restart(), connected.has_value(); }));
  REQUIRE(connected == LogstorageSink::Status::ok);

  bool good = true;
  for (const FrameSpan& span : spans) {
    sink.accept(span, Clock::now());
    good = without_memory([&] { sink.push(); }) && good;
  }
  CHECK(good);
  CHECK(eventually([&] { return sink.settled() == Sink::all_settled; }));

  const auto status = sink.status().at(0);
  CHECK(status.queued_bytes == 0);
  CHECK(status.dropped > 0);
  CHECK(status.filters.at(0).stored + status.dropped == spans_each * frames_each);
}

TEST_CASE("a link for whose frames there is no memory cannot go on, and tells exactly how many messages it had") {
  for (const bool give_up_without : {false, true})
    for (std::uint32_t received = 0; received <= 8; ++received) {
      Pool pool;
      Unacknowledged kept;
      FrameSpan own = numbered(pool, 3, 1);
      own.own = true;
      const FrameSpan rest = numbered(pool, 4, 4);
      kept.wrote(numbered(pool, 0, 3));
      CHECK(kept.whole());
      REQUIRE(without_memory([&] {
        kept.wrote(own);
        kept.wrote(rest);
      }));
      CHECK_FALSE(kept.whole());
      CHECK(kept.written() == 8);
      REQUIRE(kept.knows(received));
      CHECK(kept.messages() == 7);
      if (give_up_without) REQUIRE(without_memory([&] { kept.give_up("ECU1"); }));
      else kept.give_up("ECU1");
      // The fourth frame is the daemon's own.
      CHECK(kept.lost_behind(received) == 8 - received - (received < 4 ? 1 : 0));
    }
}

#endif
