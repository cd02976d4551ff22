#include "clock.hpp"

#include <catch2/catch.hpp>

#include <thread>

#include "dlt/dlt.hpp"
#include "libdlt-user/support/with_daemon.hpp"
#include "support/deadline.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;

namespace {

bool has_line() { return stamp_clock.line.load() != nullptr; }

// Ticks until there is a line. False: this machine's counter cannot be used.
bool calibrated(ClockCalibration& clock) {
  return eventually(
      [&] {
        clock.tick();
        return has_line();
      },
      std::chrono::milliseconds(500));
}

struct NoLineAfterwards {
  ~NoLineAfterwards() { stamp_clock.line = nullptr; }
};

}  // namespace

TEST_CASE("a clock that rests leaves no line behind, and the next tick has one at once") {
  const NoLineAfterwards guard;
  ClockCalibration clock;
  if (!calibrated(clock)) return;

  clock.rest();
  CHECK_FALSE(has_line());
  clock.tick();
  CHECK(has_line());
}

TEST_CASE("stamps do not go back when the clock rests after a pause and ticks again, and are the clock's") {
  const NoLineAfterwards guard;
  ClockCalibration clock;
  if (!calibrated(clock)) return;
  std::uint32_t last = 0;
  std::uint32_t back = 0;
  std::uint32_t off = 0;
  for (int round = 0; round < 2'000; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::uint32_t before = stamp_from_clock();
      const std::uint32_t now = stamp();
      const std::uint32_t after = stamp_from_clock();
      back += now < last ? 1 : 0;
      off += now + 1 < before || now > after + 1 ? 1 : 0;  // of 0.1 ms
      last = now;
    }
    if (round % 2 != 0) {
      clock.tick();
      continue;
    }
    while (stamp_from_clock() <= last) {
    }
    clock.rest();
  }
  CHECK(back == 0);
  CHECK(off == 0);
}

TEST_CASE("while nothing is logged no line grows old: log calls ask the clock") {
  const std::string senders = GENERATE("1", "3");
  CAPTURE(senders);
  ::setenv("DLT_USER_SENDERS", senders.c_str(), 1);
  CHECK(isolated([] {
          with_daemon([](Session& session, FakeDaemon&, Context& c) {
            const bool usable = eventually(
                [&] {
                  DLT_INFO(c, "traffic");
                  return has_line();
                },
                std::chrono::milliseconds(2000));
            if (!usable) return;
            expect(eventually([] { return !has_line(); }), "no line while nothing is logged");
            expect(eventually([&] {
                     DLT_INFO(c, "traffic");
                     return has_line();
                   }),
                   "a line as soon as there is traffic");
            expect(session.flush(std::chrono::seconds(30)), "flush");
          });
        }) == "");
  ::unsetenv("DLT_USER_SENDERS");
}
