// Threads that end with queued messages (F16): each message arrives, and their queues are used again.
#include <catch2/catch.hpp>

#include <iostream>
#include <sstream>
#include <vector>

#include "faults/resources.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"

namespace dlt::test {
namespace {

constexpr std::uint64_t each = 10;
// Live threads, and per ordinary buffer (two) those queues of ended threads that may wait to be emptied; in each queue
// an open chunk of 16 KiB and one that is on its way.
constexpr std::uint64_t most_arena_kib = (8 + 2 * 64) * 2 * 16 + 64;
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
constexpr std::uint64_t growth_kib = 256 * 1024;  // of the sanitizer
#else
constexpr std::uint64_t growth_kib = 4 * 1024;
#endif

struct Held : Resources {
  std::uint64_t arena_kib = 0;
};
std::istream& operator>>(std::istream& in, Held& h) {
  return in >> h.descriptors >> h.threads >> h.mappings >> h.resident_kib >> h.arena_kib;
}

void many_threads(std::uint32_t count) {
  Daemon daemon(DLT_DAEMON, {{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}});
  daemon.start();
  Client client(daemon.port());
  TempDir dir;
  Child app({.command = {std::string(DLT_FAULT_APPS) + "/short_threads", std::to_string(count)},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}},
             .out = dir / "out"});

  std::vector<std::uint64_t> got(count);
  std::uint64_t all = 0;
  std::uint64_t disorder = 0;
  const bool complete = client.read_until(
      [&](const ReceivedFrame& frame) {
        const auto n = numbered(frame);
        if (!n || n->thread >= count) return false;
        if (n->sequence != got[n->thread]++) ++disorder;
        return ++all == each * count;
      },
      std::chrono::minutes(20));
  CHECK(complete);
  CHECK(all == each * count);
  CHECK(disorder == 0);
  REQUIRE(app.wait().value_or(-1) == 0);

  std::istringstream said(read_file(dir / "out"));
  Held early;
  Held late;
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  int closes = 0;
  REQUIRE(said >> early >> late >> accepted >> delivered >> closes);
  CHECK(accepted == each * count);
  CHECK(delivered == accepted);
  CHECK(closes == 1);
  CHECK(late.descriptors == early.descriptors);
  CHECK(late.arena_kib <= most_arena_kib);
  CHECK(late.resident_kib <= early.resident_kib + growth_kib);
  std::cout << count << " threads: lost 0; " << early.text() << ", arena " << early.arena_kib << " KiB -> "
            << late.text() << ", arena " << late.arena_kib << " KiB\n";
}

}  // namespace

TEST_CASE("threads that log ten messages and end lose none, and their queues are used again", "[F16]") {
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
  many_threads(500);
#else
  many_threads(5'000);
#endif
}

TEST_CASE("100,000 threads that log ten messages and end lose none, and their queues are used again", "[F16][long]") {
  many_threads(100'000);
}

}  // namespace dlt::test
