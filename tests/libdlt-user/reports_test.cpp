#include "reports.hpp"

#include <catch2/catch.hpp>

#include <memory>

#include "dlt/dlt.hpp"
#include "libdlt-user/support/fake_daemon.hpp"
#include "libdlt-user/support/isolated.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

// What the next report tells of, all causes together.
std::uint64_t told(Reports& reports, std::uint64_t lost_so_far) {
  Stats s;
  s.buffers.resize(1);
  s.buffers[0].dropped.full = lost_so_far;
  const auto& entries = reports.losses(s);
  std::uint64_t sum = 0;
  const proto::local::Loss losses{AppId("APP1"), entries};
  for (std::size_t i = 0; i < losses.count(); ++i) sum += losses.at(i).count;
  return sum;
}

// Loses some messages, and sees that the daemon is told.
void lose_some(Session& session, FakeDaemon& daemon, Context& c) {
  const std::uint64_t before = session.stats().dropped.total();
  for (std::uint64_t i = 0; session.stats().dropped.total() == before; ++i) DLT_INFO(c, "{}", i);
  expect(eventually([&] { return daemon.lost_ > 0 && session.flush(1ms); }), "told");
}

}  // namespace

TEST_CASE("what a report told, and whoever it was told to had not acknowledged, is told to another daemon once more") {
  Reports reports;
  CHECK(told(reports, 5) == 5);
  reports.said();
  reports.heard();
  CHECK(told(reports, 8) == 3);
  reports.said();

  SECTION("to another one") {
    reports.on_another_daemon();
    CHECK(told(reports, 9) == 4);
  }
  SECTION("not to the same one") {
    reports.heard();
    CHECK(told(reports, 9) == 1);
    reports.said();
    reports.on_another_daemon();
    CHECK(told(reports, 9) == 1);
  }
  SECTION("what was not even said is told to the same one, too") {
    CHECK(told(reports, 9) == 1);
    reports.withdraw();
    CHECK(told(reports, 9) == 1);
  }
}

TEST_CASE(
    "losses that a daemon was told and had not acknowledged when it died are told to the next one, not to itself") {
  const bool acknowledges = GENERATE(false, true);
  const std::int32_t next_pid = GENERATE(1, 2);
  CAPTURE(acknowledges, next_pid);
  CHECK(isolated([&] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          o.buffer = {.capacity = 8, .mode = OverflowMode::drop_newest};
          auto daemon = std::make_unique<FakeDaemon>(dir / "d.sock", FakeDaemon::Manner{.acknowledges = acknowledges});
          auto session = start(o);
          expect(session.has_value(), "start");
          Context c{"CTX1"};
          expect(daemon->sees("context CTX1 -2"), "registered");
          lose_some(*session, *daemon, c);
          const std::uint64_t lost = session->stats().dropped.total();
          expect(eventually([&] { return daemon->lost_ == lost; }), "told of all");

          daemon.reset();
          FakeDaemon next(dir / "d.sock", {.pid = next_pid});

          expect(next.sees("context CTX1 -2"), "back");
          DLT_INFO(c, "more");
          expect(next.sees("statistics"), "a report, in which losses come first");
          const std::uint64_t again = !acknowledges && next_pid != 1 ? lost : 0;
          expect_equal(next.lost_.load(), again + session->stats().dropped.total() - lost, "told to the next one");
        }) == "");
}
