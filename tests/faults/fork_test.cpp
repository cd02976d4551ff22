// Applications that fork (F14): with and without exec, while other threads log, and whoever ends first.
#include <catch2/catch.hpp>

#include <signal.h>

#include <iostream>
#include <map>
#include <set>

#include "faults/witness.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

constexpr std::uint32_t first_child = 10;
constexpr std::uint64_t each = 20;
const std::string program = std::string(DLT_FAULT_APPS) + "/forking";
const Daemon::Settings patient{{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}};

struct Thread {
  std::uint64_t count = 0;
  std::uint64_t disorder = 0;          // gaps and repetitions
  std::set<std::uint32_t> sessions{};  // pids in the headers
};
using Threads = std::map<std::uint32_t, Thread>;

void add(Threads& all, const ReceivedFrame& frame) {
  const auto n = numbered(frame);
  if (!n) return;
  Thread& t = all[n->thread];
  if (n->sequence != t.count) ++t.disorder;
  ++t.count;
  t.sessions.insert(frame.standard.session);
}

[[maybe_unused]] void fork_often(int count) {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  TempDir dir;
  Witness witness(dir / "witness");
  Child app({.command = {program, "children", dir / "witness", std::to_string(count)},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}}});

  Threads all;
  const auto complete = [&] {
    for (std::uint32_t t = 0; t < Witness::slots; ++t)
      if (all[t].count < witness.accepted(t)) return false;
    return true;
  };
  // Whatever comes while it lives, then the rest.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(30);
  while (app.running() && std::chrono::steady_clock::now() < deadline)
    (void)client.read_until([&](const ReceivedFrame& frame) { return add(all, frame), false; },
                            std::chrono::milliseconds(200));
  REQUIRE(app.wait().value_or(-1) == 0);
  CHECK(eventually([&] {
    (void)client.read_until([&](const ReceivedFrame& frame) { return add(all, frame), false; },
                            std::chrono::milliseconds(50));
    return complete();
  }));

  std::uint64_t messages = 0;
  std::set<std::uint32_t> sessions;
  std::uint32_t processes = 1;
  for (std::uint32_t t = 0; t < Witness::slots; ++t) {
    if (witness.accepted(t) == 0 && all[t].count == 0) continue;
    CAPTURE(t);
    CHECK(all[t].count == witness.accepted(t));
    CHECK(all[t].disorder == 0);
    CHECK(all[t].sessions.size() == 1);
    if (t >= first_child) CHECK(all[t].count == each);
    if (t >= first_child) ++processes;
    messages += all[t].count;
    sessions.insert(all[t].sessions.begin(), all[t].sessions.end());
  }
  CHECK(processes == static_cast<std::uint32_t>(1 + count + (count + 6) / 7));
  CHECK(sessions.size() == processes);  // each under its own registration
  std::cout << count << " forks: " << messages << " messages of " << processes << " processes, lost 0\n";
}

}  // namespace

// GCC 12's AddressSanitizer leaves the locks of its allocator as they were at the fork: a child waits for them forever.
#if !defined(DLT_WITH_ASAN)

TEST_CASE("children that are forked while 4 threads log deliver under their own name, by exit, _exit or exec",
          "[F14]") {
  fork_often(50);
}

TEST_CASE("1,000 children that are forked while 4 threads log deliver under their own name", "[F14][long]") {
  fork_often(1000);
}

TEST_CASE("a child logs after its parent has ended", "[F14]") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  TempDir dir;
  const auto outcome = run({program, "orphan", dir / "witness"}, {{"DLT_DAEMON_ADDRESS", daemon.address()}});
  REQUIRE(outcome.code == 0);

  Threads all;
  CHECK(client.read_until([&](const ReceivedFrame& frame) {
    add(all, frame);
    return all[0].count == each && all[first_child].count == each;
  }));
  CHECK(all[0].disorder + all[first_child].disorder == 0);
  CHECK(all[0].sessions != all[first_child].sessions);
}

#endif

TEST_CASE("the daemon sees the end of a killed application although a child of it lives", "[F14]") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  TempDir dir;
  Child app({.command = {program, "killed", dir / "witness"},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}},
             .out = dir / "out",
             .with_input = true});
  REQUIRE(eventually([&] { return read_file(dir / "out") == "alive\n"; }));
  REQUIRE(app.wait().value_or(-1) == 128 + SIGKILL);

  CHECK(eventually([&] { return status(daemon).contexts("FORK").empty(); }));
}

}  // namespace dlt::test
