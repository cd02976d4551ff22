// The exact ledger at full speed (F01): what the library took is what arrived and what it counted as lost, in each
// mode.
#include <catch2/catch.hpp>

#include <iostream>
#include <map>
#include <sstream>
#include <vector>

#include "faults/witness.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"

namespace dlt::test {
namespace {

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
constexpr std::uint64_t messages = 8'000;
#else
constexpr std::uint64_t messages = 160'000;  // of all threads
#endif

struct Books {
  std::uint64_t accepted = 0, delivered = 0, queued = 0, full = 0, overwritten = 0, timed_out = 0, dropped = 0;
  int closes = 0;
};
std::istream& operator>>(std::istream& in, Books& b) {
  return in >> b.accepted >> b.delivered >> b.queued >> b.full >> b.overwritten >> b.timed_out >> b.dropped >> b.closes;
}

void check_once(std::uint32_t threads, int mode) {
  Daemon daemon(DLT_DAEMON, {{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}});
  daemon.start();
  Client client(daemon.port());
  TempDir dir;
  const std::uint64_t each = messages / threads;
  Child app({.command = {std::string(DLT_FAULT_APPS) + "/ledger", std::to_string(threads), std::to_string(each),
                         dir / "witness"},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()},
                             {"DLT_USER_OVERFLOW_MODE", std::to_string(mode)},
                             {"DLT_USER_TIMEOUT_MS", "600000"}},
             .out = dir / "out"});
  std::vector<std::uint64_t> count(threads);
  std::vector<std::uint64_t> next(threads);
  std::uint64_t arrived = 0;
  std::uint64_t disorder = 0;  // repeated or overtaken
  const auto add = [&](const ReceivedFrame& frame) {
    const auto n = numbered(frame);
    if (!n || n->thread >= threads) return false;
    if (n->sequence < next[n->thread]) ++disorder;
    next[n->thread] = n->sequence + 1;
    ++count[n->thread];
    ++arrived;
    return false;
  };
  while (app.running()) (void)client.read_until(add, std::chrono::milliseconds(100));
  REQUIRE(app.wait().value_or(-1) == 0);
  Books books;
  std::istringstream said(read_file(dir / "out"));
  REQUIRE(said >> books);
  CHECK(eventually([&] { return client.read_until(add, std::chrono::milliseconds(50)), arrived >= books.delivered; }));

  const Witness witness(dir / "witness");
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  for (std::uint32_t t = 0; t < threads; ++t) taken += witness.accepted(t), refused += witness.refused(t);
  CHECK(books.closes == 1);
  CHECK(books.queued == 0);
  CHECK(books.accepted == each * threads);
  CHECK(books.delivered == arrived);
  CHECK(disorder == 0);
  CHECK(books.full + books.timed_out == refused);  // what the calls returned
  CHECK(taken == arrived + books.overwritten);     // what was taken and did not arrive was overwritten
  if (mode != 0) CHECK(books.overwritten == 0);
  if (mode == 2) {
    CHECK(arrived == each * threads);
    CHECK(count == std::vector<std::uint64_t>(threads, each));
  }
}

void check_ledger(int runs) {
  const std::uint32_t threads = GENERATE(1U, 4U, 16U);
  const int mode = GENERATE(0, 1, 2);
  CAPTURE(threads, mode);
  for (int i = 0; i < runs; ++i) check_once(threads, mode);
  std::cout << threads << " threads, mode " << mode << ": exact in " << runs << " of " << runs << " runs\n";
}

}  // namespace

TEST_CASE("at full speed accepted = delivered + counted lost, in each mode, with 1, 4 and 16 threads", "[F01]") {
  check_ledger(2);
}

TEST_CASE("at full speed the ledger is exact in 20 of 20 runs", "[F01][long]") { check_ledger(20); }

}  // namespace dlt::test
