// The daemon is away: not there yet, killed and started again, stopped, replaced. Applications do not notice but for
// what their books say.
#include <catch2/catch.hpp>

#include <signal.h>

#include <iostream>
#include <memory>
#include <random>

#include "faults/victim.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(DLT_TEST_SMALL)
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

TEST_CASE("a daemon that is killed and started again gets what follows, nothing twice, nothing out of order [F02]",
          "[away]") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  const TempDir dir;
  const Victim v{"BACK", "kill", 2, 0, 20};
  Witness witness(dir / v.app);
  Child child = start(daemon, dir, v, blocking);
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  std::uint64_t arrived = 0;
  std::map<std::uint32_t, std::uint64_t> last;
  for (int i = 0; i <= restarts; ++i) {
    auto reader = std::make_unique<Reader>(daemon.port());
    REQUIRE(connected(daemon, v.app));
    const std::uint64_t wanted = calls(witness, 2) + 100 + random() % 5000;
    REQUIRE(eventually([&] { return calls(witness, 2) >= wanted; }));
    if (i == restarts) {
      child.send(SIGKILL);
      REQUIRE(child.wait().has_value());
      REQUIRE(gone(daemon, v.app));
      const std::uint64_t received = status(daemon).received(v.app);
      REQUIRE(eventually([&] { return reader->count(v.app) >= received; }));
    } else {
      REQUIRE(eventually([&] { return reader->count(v.app) > 0; }));
      daemon.kill();
    }
    for (const std::uint32_t t : {0U, 1U}) {
      const Reader::Line line = reader->line(v.app, t);
      CHECK(line.disorder == 0);
      if (line.count != 0 && last.count(t) != 0) CHECK(line.first > last[t]);
      if (line.count != 0) last[t] = line.last;
    }
    arrived += reader->count(v.app);
    reader.reset();
    if (i < restarts) daemon.start();
  }
  std::cout << restarts << " kills of the daemon: " << calls(witness, 2) << " messages logged, " << arrived
            << " reached a client\n";
  CHECK(last[0] + 1 >= witness.accepted(0));  // the last ones are there
  CHECK(last[1] + 1 >= witness.accepted(1));
}

TEST_CASE("a daemon that is stopped holds up no call in the modes that drop, and the books close [F03]", "[away]") {
  stop_for(500ms, GENERATE("0", "1"));
}

TEST_CASE("a daemon that is stopped for 30 s holds up no call in the modes that drop [F03]", "[away][long]") {
  stop_for(30s, GENERATE("0", "1"));
}

}  // namespace dlt::test
