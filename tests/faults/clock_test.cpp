// Clocks that jump (F22): the time of day under storage, the time since boot under library and daemon, and the 32-bit
// time stamps of DLT, which begin again at 0 after 119.3 hours.
#include <catch2/catch.hpp>

#include <signal.h>
#include <time.h>

#include <set>

#include "faults/raw_app.hpp"
#include "faults/stored_numbers.hpp"
#include "support/daemon.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

constexpr std::int64_t wrap_s = 429'496;  // 2^32 * 0.1 ms, rounded down

std::int64_t monotonic_s() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// In front of a command: it and its children live at this time since boot.
std::vector<std::string> at_uptime(std::int64_t seconds) {
  return {"unshare",     "--time",
          "--fork",      "--kill-child",
          "--monotonic", std::to_string(seconds - monotonic_s()),
          "--boottime",  std::to_string(seconds - monotonic_s())};
}

struct Ticks {
  std::uint64_t received = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t wraps = 0;
  std::uint64_t jumps = 0;  // stamps more than 30 s apart, or going back
  bool ended = false;
};

// Library and daemon at an uptime, for `ms` milliseconds.
Ticks tick(std::int64_t uptime, int ms) {
  Daemon daemon(DLT_DAEMON, {{"SendMessageTime", "1"}});
  daemon.wrap(at_uptime(uptime));
  daemon.start();
  Client client(daemon.port());
  auto command = at_uptime(uptime);
  command.insert(command.end(), {DLT_FAULT_APPS "/ticking", std::to_string(ms)});
  Child app({.command = command, .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}}});
  Ticks ticks;
  std::uint32_t last = 0;
  ticks.ended = client.read_until([&](const ReceivedFrame& frame) {
    const auto n = numbered(frame);
    if (!n) return false;
    if (n->sequence != ticks.received) ++ticks.out_of_order;
    const std::uint32_t stamp = frame.standard.timestamp;
    if (ticks.received++ > 0) {
      if (stamp < last) ++ticks.wraps;
      if (stamp - last > 300'000) ++ticks.jumps;
    }
    last = stamp;
    return n->thread == 1;
  });
  CHECK(app.wait() == 0);
  REQUIRE(::kill(status(daemon).pid, SIGTERM) == 0);  // the process in front of it does not pass signals on
  CHECK(daemon.process().wait() == 0);
  return ticks;
}

bool has_time_namespaces() { return run({"unshare", "--time", "--fork", "--monotonic", "1000", "true"}).code == 0; }

}  // namespace

TEST_CASE("time stamps begin again after 119.3 hours of uptime and nothing else happens", "[F22]") {
  if (!has_time_namespaces()) {
    skip("this process may not have a time of its own");
    return;
  }
  // On a machine that is slow enough to miss the moment there would be no wrap: try again with more time before it.
  Ticks ticks;
  for (int before = 2; before <= 32 && ticks.wraps == 0; before *= 2) {
    ticks = tick(wrap_s - before, 1000 * (before + 2));
    REQUIRE(ticks.ended);
    CHECK(ticks.out_of_order == 0);
    CHECK(ticks.jumps == 0);
  }
  CHECK(ticks.wraps == 1);
}

TEST_CASE("an uptime of 30 years is a time like any other", "[F22]") {
  if (!has_time_namespaces()) {
    skip("this process may not have a time of its own");
    return;
  }
  const Ticks ticks = tick(1'000'000'000, 500);
  CHECK(ticks.ended);
  CHECK(ticks.received > 1);
  CHECK(ticks.out_of_order == 0);
  CHECK(ticks.jumps == 0);
}

TEST_CASE("when the time of day jumps, files keep their order and their names, and timers their pace", "[F22]") {
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
  skip("faketime and a sanitizer both want to be loaded first");
#else
  const Outcome preload = run({"faketime", "-f", "+0", "sh", "-c", "printf %s \"$LD_PRELOAD\""});
  REQUIRE(preload.code == 0);
  Daemon daemon(DLT_DAEMON, {{"OfflineTraceCompression", "0"},
                             {"OfflineTraceFileSize", "4096"},
                             {"OfflineTraceFlushInterval", "1"},
                             {"SendMessageTime", "1"}});
  daemon.set("OfflineTraceDirectory", daemon.dir() / "stored");
  const std::string offset = daemon.dir() / "offset";
  write_file(offset, "+0\n");
  daemon.wrap({"env", "LD_PRELOAD=" + preload.out, "FAKETIME_TIMESTAMP_FILE=" + offset, "FAKETIME_NO_CACHE=1",
               "FAKETIME_DONT_FAKE_MONOTONIC=1"});
  daemon.start();
  const auto started = std::chrono::steady_clock::now();
  Client client(daemon.port());
  RawApp app(daemon.dir() / "app.sock");
  std::uint64_t times = 0;
  for (const char* jump : {"+0", "+1h", "-1h", "+3650d", "-3650d", "+0", "+0", "-7300d", "+29200d"}) {
    write_file(offset + ".new", std::string(jump) + "\n");
    std::filesystem::rename(offset + ".new", offset);
    REQUIRE(app.send(100));
    REQUIRE(client.read_until([&](const ReceivedFrame& frame) {
      if ((frame.extended.msin & 0x0e) == 0x06) ++times;
      return (frame.extended.msin & 0x0e) == 0 && frame.payload.size() >= 4 &&
             proto::load_le<std::uint32_t>(frame.payload.data()) == app.next() - 1;
    }));
    REQUIRE(eventually([&] { return status(daemon).storage.written == app.next(); }));
  }
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started);
  CHECK(daemon.stop() == 0);

  const StoredNumbers stored = stored_in(daemon.dir() / "stored");
  CHECK(stored.files >= 9);
  CHECK(stored.numbers.size() == app.next());
  CHECK(stored.without_gap());
  CHECK(stored.skipped == 0);
  std::set<std::string> years;
  for (const auto& entry : std::filesystem::directory_iterator(daemon.dir() / "stored"))
    years.insert(entry.path().filename().string().substr(13, 4));
  CHECK(years.size() >= 4);  // the jumps have arrived
  // Control messages, one of them a second at most; a few others come when the client connects.
  CHECK(times <= static_cast<std::uint64_t>(elapsed.count()) + 10);
#endif
}

}  // namespace dlt::test
