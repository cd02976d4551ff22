// Signal handlers that log (F15): a message or a counted refusal, never a deadlock, never a torn record.
#include <catch2/catch.hpp>

#include <signal.h>

#include <iostream>
#include <map>
#include <sstream>

#include "faults/witness.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"

namespace dlt::test {
namespace {

constexpr std::uint32_t threads = 4;
constexpr std::uint32_t in_handler = 100;
const std::string program = std::string(DLT_FAULT_APPS) + "/signals";
const Daemon::Settings patient{{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}};

void storm(std::uint64_t calls) {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  TempDir dir;
  Witness witness(dir / "witness");
  Child app({.command = {program, "storm", dir / "witness", std::to_string(calls)},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}},
             .out = dir / "out"});

  std::map<std::uint32_t, std::uint64_t> count;
  std::uint64_t disorder = 0;
  std::uint64_t torn = 0;
  const auto add = [&](const ReceivedFrame& frame) {
    if (frame.extended.context != ContextId("NUMS")) return false;
    if (frame.extended.msin == proto::msin::control_response) return false;
    const auto n = numbered(frame);
    if (!n) return ++torn, false;
    if (n->sequence != count[n->thread]++) ++disorder;
    return false;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(20);
  while (app.running() && std::chrono::steady_clock::now() < deadline)
    (void)client.read_until(add, std::chrono::milliseconds(200));
  REQUIRE(app.wait().value_or(-1) == 0);
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  for (const std::uint32_t base : {0U, in_handler})
    for (std::uint32_t t = base; t < base + threads; ++t)
      accepted += witness.accepted(t), refused += witness.refused(t);
  const auto arrived = [&] {
    std::uint64_t sum = 0;
    for (const auto& [thread, n] : count) sum += n;
    return sum;
  };
  CHECK(eventually([&] { return client.read_until(add, std::chrono::milliseconds(50)), arrived() >= accepted; }));

  CHECK(torn == 0);
  CHECK(disorder == 0);
  CHECK(client.rubbish() == 0);
  for (const std::uint32_t base : {0U, in_handler})
    for (std::uint32_t t = base; t < base + threads; ++t) {
      CAPTURE(t);
      CHECK(count[t] == witness.accepted(t));
    }
  std::istringstream said(read_file(dir / "out"));
  std::uint64_t taken = 0, delivered = 0, queued = 0, dropped = 0, nested = 0;
  int closes = 0;
  REQUIRE(said >> taken >> delivered >> queued >> dropped >> nested >> closes);
  CHECK(closes == 1);
  CHECK(taken == accepted + refused);
  CHECK(delivered == accepted);
  CHECK(nested == refused);
  CHECK(dropped == refused);
  std::cout << "handlers: " << calls << "; messages " << accepted << " delivered, " << nested
            << " refused inside a log call, torn 0\n";
}

}  // namespace

TEST_CASE("handlers that interrupt 4 logging threads log or are refused and counted, and tear nothing", "[F15]") {
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
  storm(2'000);
#else
  storm(20'000);
#endif
}

TEST_CASE("2,000,000 handlers that interrupt 4 logging threads", "[F15][long]") { storm(2'000'000); }

TEST_CASE("a handler of SIGSEGV on a stack of its own logs a last message and flushes: it arrives", "[F15]") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  TempDir dir;
  const auto outcome = run({program, "crash", dir / "witness"},
                           {{"DLT_DAEMON_ADDRESS", daemon.address()}, {"ASAN_OPTIONS", "allow_user_segv_handler=1"}});

  INFO(outcome.out);
#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they end with a code of their own
  CHECK(outcome.code == 128 + SIGSEGV);
#endif
  CHECK(client.read_until([](const ReceivedFrame& frame) { return only_text(frame) == "last words"; }));
}

}  // namespace dlt::test
