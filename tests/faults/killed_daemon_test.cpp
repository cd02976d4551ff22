// The daemon is away: not there yet, killed and started again, stopped, replaced. Applications do not notice but for
// what their books say.
#include <catch2/catch.hpp>

#include <signal.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <random>

#include "faults/victim.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

using namespace std::chrono_literals;

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN) || defined(DLT_TEST_SMALL)
constexpr int restarts = 3;
#else
constexpr int restarts = 8;
#endif

bool connected(const Daemon& daemon, const std::string& app) {
  return eventually([&] { return status(daemon).application(app).connected; });
}

bool gone(const Daemon& daemon, const std::string& app) {
  return eventually([&] { return !status(daemon).application(app).connected; });
}

void stop_for(std::chrono::milliseconds time, const std::string& mode) {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  const TempDir dir;
  const Victim v{"STOP", "kill", 2, 0, 0};
  Witness witness(dir / v.app);
  Child child = start(daemon, dir, v, {{"DLT_USER_OVERFLOW_MODE", mode}});
  REQUIRE(eventually([&] { return calls(witness, 2) > 1000; }));

  daemon.process().send(SIGSTOP);
  const auto until = std::chrono::steady_clock::now() + time;
  std::uint64_t before = calls(witness, 2);
  int stretches = 0;  // in which calls went on
  while (std::chrono::steady_clock::now() < until) {
    REQUIRE(eventually([&] { return calls(witness, 2) > before + 50'000; }));
    before = calls(witness, 2);
    ++stretches;
  }
  daemon.process().send(SIGCONT);
  REQUIRE(eventually([&] { return status(daemon).application(v.app).received > 0; }));
  child.send(SIGKILL);
  REQUIRE(child.wait().has_value());
  REQUIRE(gone(daemon, v.app));

  const auto a = status(daemon).application(v.app);
  std::cout << "stopped for " << time.count() << " ms in mode " << mode << ": " << calls(witness, 2) << " calls, "
            << a.received << " received, " << a.lost_in_all() << " lost and counted\n";
  CHECK(stretches > 0);
  CHECK(a.received + a.lost_in_all() >= calls(witness, 2));
  CHECK(a.received + a.lost_in_all() <= calls(witness, 2) + 2);
}

struct Outcome {
  std::uint64_t lost = 0;
  std::uint64_t twice = 0;
};

// What reached a client of any of the daemons, of the numbers below `logged`.
void count(Outcome& outcome, const std::vector<std::uint8_t>& times, std::uint64_t logged) {
  for (std::size_t i = 0; i < std::max<std::size_t>(logged, times.size()); ++i) {
    const std::uint8_t n = i < times.size() ? times[i] : 0;
    if (n == 0 && i < logged) ++outcome.lost;
    if (n > 1) ++outcome.twice;
  }
}

// One daemon after the other goes as `end` says, at a random moment, while two threads log and a client reads.
void change_daemons(const std::string& how, long pause_us, const std::function<void(Daemon&)>& end) {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.set("RingbufferMaxSize", "1000000000");  // between two clients everything is kept
  daemon.start();
  const TempDir dir;
  const Victim v{"BACK", "kill", 2, 0, pause_us};
  Witness witness(dir / v.app);
  Arrivals arrivals;
  auto reader = std::make_unique<Reader>(daemon.port(), &arrivals);
  Child child = start(daemon, dir, v, blocking);
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  std::uint64_t disorder = 0;
  for (int i = 0; i <= restarts; ++i) {
    REQUIRE(connected(daemon, v.app));
    const std::uint64_t wanted = calls(witness, 2) + 100 + random() % 5000;
    REQUIRE(eventually([&] { return calls(witness, 2) >= wanted; }));
    // What was kept for a client that had not come yet would be lost with the daemon; so it has to be with the client.
    const std::uint64_t kept = status(daemon).received(v.app);
    REQUIRE(eventually([&] { return reader->count(v.app) >= kept; }));
    if (i < restarts) {
      end(daemon);
    } else {
      child.send(SIGKILL);
      REQUIRE(child.wait().has_value());
      REQUIRE(gone(daemon, v.app));
      REQUIRE(daemon.stop() == 0);
    }
    REQUIRE(eventually([&] { return reader->ended(); }));
    for (const std::uint32_t t : {0U, 1U}) disorder += reader->line(v.app, t).disorder;
    if (i == restarts) break;
    daemon.start();
    reader = std::make_unique<Reader>(daemon.port(), &arrivals);
  }
  reader.reset();

  CHECK(disorder == 0);
  Outcome outcome;
  for (const std::uint32_t t : {0U, 1U}) count(outcome, arrivals[t], witness.accepted(t));
  CHECK(outcome.lost == 0);
  CHECK(witness.refused(0) + witness.refused(1) == 0);
  std::cout << how << " " << restarts << " times: " << calls(witness, 2) << " messages logged, " << outcome.lost
            << " lost, " << outcome.twice << " arrived twice\n";
}

}  // namespace

TEST_CASE("what is logged while no daemon is there arrives when it comes [F02]", "[away]") {
  Daemon daemon(DLT_DAEMON, patient);
  const TempDir dir;
  const Victim v{"WAIT", "wait", 2, 0, 100};
  Witness witness(dir / v.app);
  Child child = start(daemon, dir, v, blocking);
  REQUIRE(eventually([&] { return witness.accepted(0) > 100 && witness.accepted(1) > 100; }));

  daemon.start();
  Reader reader(daemon.port());
  REQUIRE(connected(daemon, v.app));
  child.send(SIGKILL);
  REQUIRE(child.wait().has_value());
  REQUIRE(gone(daemon, v.app));

  const std::uint64_t received = status(daemon).received(v.app);
  REQUIRE(eventually([&] { return reader.count(v.app) >= received; }));
  for (const std::uint32_t t : {0U, 1U}) {
    CHECK(reader.line(v.app, t).wrong == 0);
    CHECK(reader.line(v.app, t).count >= witness.accepted(t));
  }
}

TEST_CASE("a daemon that is killed and started again loses nothing, and nothing goes out of order [F02]", "[away]") {
  change_daemons("killed", 20, [](Daemon& daemon) { daemon.kill(); });
}

TEST_CASE("a daemon that is killed while applications log flat out loses nothing [F02]", "[away]") {
  change_daemons("killed at full speed", 0, [](Daemon& daemon) { daemon.kill(); });
}

TEST_CASE("a daemon that is replaced by a newer one loses nothing [F02]", "[away]") {
  change_daemons("replaced", 20, [](Daemon& daemon) { CHECK(daemon.stop() == 0); });
}

TEST_CASE("a daemon that is stopped holds up no call in the modes that drop, and the books close [F03]", "[away]") {
  stop_for(500ms, GENERATE("0", "1"));
}

TEST_CASE("a daemon that is stopped for 30 s holds up no call in the modes that drop [F03]", "[away][long]") {
  stop_for(30s, GENERATE("0", "1"));
}

}  // namespace dlt::test
