// An application that is killed loses nothing: the daemon takes what it had logged and not sent out of its memory. The
// application writes down each call that has returned in a page that outlives it (witness.hpp); all of those, and at
// most one more of each thread, must arrive, once and in order.
#include <catch2/catch.hpp>

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "faults/victim.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

using namespace std::chrono_literals;

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN) || defined(DLT_TEST_SMALL)
constexpr int kills = 8;
constexpr int many_kills = 40;
#else
constexpr int kills = 32;
constexpr int many_kills = 500;
#endif

std::size_t descriptors(pid_t pid) {
  const auto dir = std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(dir), end(dir)));
}

pid_t child_of(pid_t parent) {
  const std::string pid = std::to_string(parent);
  pid_t child = 0;
  (void)eventually([&] {
    std::istringstream(read_file("/proc/" + pid + "/task/" + pid + "/children")) >> child;
    return child != 0;
  });
  return child;
}

// Waits until it has ended, by its own hand or by ours.
void see_the_end(Child& child, Witness& witness, const Victim& v) {
  if (v.ending == "kill" || v.ending == "fork") {
    REQUIRE(eventually([&] { return witness.accepted(0) + witness.refused(0) >= v.after; }));
    child.send(SIGKILL);
  }
  REQUIRE(child.wait().has_value());
}

bool gone(const Daemon& daemon, const std::string& app) {
  return eventually([&] {
    const auto a = status(daemon).application(app);
    return a.received > 0 && !a.connected;
  });
}

struct Tally {
  std::uint64_t logged = 0;
  std::uint64_t lost = 0;
  std::uint64_t twice_or_torn = 0;
  std::uint64_t unwitnessed = 0;
};

void check(Tally& tally, Witness& witness, Reader& reader, const Victim& v) {
  for (std::uint32_t t = 0; t < v.threads; ++t) {
    const std::uint64_t logged = witness.accepted(t);
    const Reader::Line line = reader.line(v.app, t);
    INFO(v.ending << " of " << v.app << ", thread " << t << " of " << v.threads << ", pause " << v.pause_us);
    CHECK(line.wrong == 0);
    CHECK(line.count >= logged);
    CHECK(line.count <= logged + 1);
    tally.logged += logged;
    tally.lost += logged > line.count ? logged - line.count : 0;
    tally.twice_or_torn += line.wrong;
    tally.unwitnessed += line.count > logged ? line.count - logged : 0;
  }
}

Victim random_victim(std::mt19937& random, int number) {
  const std::vector<std::string> endings{"kill", "kill", "segv", "abort", "exit"};
  Victim v;
  v.app = std::to_string(10'000 + number).substr(1);
  v.ending = endings[random() % endings.size()];
  v.threads = 1 + random() % 4;
  v.pause_us = random() % 2 == 0 ? 0 : static_cast<long>(random() % 500);
  v.after = 1 + (v.pause_us == 0 ? random() % 50'000 : random() % 200);
  return v;
}

void kill_many(int n) {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Reader reader(daemon.port());
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  Tally tally;
  std::size_t descriptors_then = 0;
  std::uint64_t rss_then = 0;
  for (int i = 0; i < n; ++i) {
    const TempDir dir;
    const Victim v = random_victim(random, i);
    Witness witness(dir / v.app);
    Child child = start(daemon, dir, v, blocking);
    see_the_end(child, witness, v);
    REQUIRE(gone(daemon, v.app));
    const std::uint64_t received = status(daemon).received(v.app);
    REQUIRE(eventually([&] { return reader.count(v.app) >= received; }));
    check(tally, witness, reader, v);
    if (i != n / 4) continue;
    descriptors_then = descriptors(daemon.process().pid());
    rss_then = status(daemon).rss;
  }

  const Status now = status(daemon);
  const std::size_t descriptors_now = descriptors(daemon.process().pid());
  std::cout << n << " kills: " << tally.logged << " messages logged, " << now.salvaged << " salvaged, " << tally.lost
            << " lost, " << tally.twice_or_torn << " twice or torn, " << tally.unwitnessed
            << " whose call had not returned; daemon " << rss_then / 1024 << " -> " << now.rss / 1024 << " KiB, "
            << descriptors_then << " -> " << descriptors_now << " descriptors\n";
  CHECK(tally.lost == 0);
  CHECK(tally.twice_or_torn == 0);
  CHECK(reader.rubbish() == 0);
  CHECK(now.salvaged > 0);
  CHECK(now.refused_memory == 0);
  CHECK(descriptors_now <= descriptors_then);
#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)
  CHECK(now.rss <= rss_then + (8 << 20));
#endif
}

}  // namespace

TEST_CASE("applications that are killed at random lose nothing that they had logged [F04]", "[salvage]") {
  kill_many(kills);
}

TEST_CASE("500 applications that are killed at random lose nothing that they had logged [F04]", "[salvage][long]") {
  kill_many(many_kills);
}

TEST_CASE("the books of an application that is killed close in the modes that drop [F04]", "[salvage]") {
  const std::string mode = GENERATE("0", "1");
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Reader reader(daemon.port());
  std::mt19937 random(Catch::rngSeed());
  for (int i = 0; i < kills / 4; ++i) {
    const TempDir dir;
    Victim v = random_victim(random, i);
    v.pause_us = 0;
    v.after = 20'000 + random() % 200'000;
    Witness witness(dir / v.app);
    Child child = start(
        daemon, dir, v,
        {{"DLT_USER_OVERFLOW_MODE", mode}, {"DLT_USER_BUFFER_SIZE_2", "200"}, {"DLT_USER_BUFFER_SIZE_3", "1000"}});
    see_the_end(child, witness, v);
    REQUIRE(gone(daemon, v.app));

    const auto a = status(daemon).application(v.app);
    CAPTURE(mode, v.ending, v.threads, a.received, a.lost, calls(witness, v.threads));
    CHECK(a.received + a.lost_in_all() >= calls(witness, v.threads));
    CHECK(a.received + a.lost_in_all() <= calls(witness, v.threads) + v.threads);
    CHECK(a.accepted == a.received + a.dropped);
    CHECK(a.lost_in_all() == a.dropped);
  }
}

TEST_CASE("what several processes and a forked child had logged is salvaged for each [F04]", "[salvage]") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Reader reader(daemon.port());
  const TempDir dir;
  const Victim one{"ONE", "kill", 2, 5'000, 0};
  const Victim other{"OTHR", "kill", 2, 5'000, 20};
  const Victim forking{"FORK", "fork", 2, 5'000, 0};
  Witness one_witness(dir / one.app);
  Witness other_witness(dir / other.app);
  Witness forking_witness(dir / forking.app);
  Child first = start(daemon, dir, one, blocking);
  Child second = start(daemon, dir, other, blocking);
  Child third = start(daemon, dir, forking, blocking);

  see_the_end(first, one_witness, one);
  see_the_end(second, other_witness, other);
  Tally tally;
  REQUIRE(gone(daemon, one.app));
  REQUIRE(gone(daemon, other.app));
  const Status now = status(daemon);
  REQUIRE(eventually([&] { return reader.count("ONE") >= now.received("ONE"); }));
  REQUIRE(eventually([&] { return reader.count("OTHR") >= now.received("OTHR"); }));
  check(tally, one_witness, reader, one);
  check(tally, other_witness, reader, other);

  // The parent dies, its child goes on logging.
  const pid_t child = child_of(third.pid());
  REQUIRE(child > 0);
  REQUIRE(eventually([&] { return forking_witness.accepted(2) > 1000; }));
  see_the_end(third, forking_witness, forking);
  const std::uint64_t then = forking_witness.accepted(2);
  CHECK(eventually([&] { return forking_witness.accepted(2) > then + 1000; }));
  const auto arrived = [&](std::uint32_t thread) {
    return reader.line("FORK", thread).count >= forking_witness.accepted(thread);
  };
  CHECK(eventually([&] { return arrived(0) && arrived(1); }));
  check(tally, forking_witness, reader, forking);
  ::kill(child, SIGKILL);
  REQUIRE(gone(daemon, forking.app));
  CHECK(eventually([&] { return arrived(2) && arrived(3); }));
  for (const std::uint32_t t : {2U, 3U}) {
    CHECK(reader.line("FORK", t).wrong == 0);
    CHECK(reader.line("FORK", t).count <= forking_witness.accepted(t) + 1);
  }
  std::cout << tally.logged << " messages logged by 3 processes, " << tally.lost << " lost\n";
}

}  // namespace dlt::test
