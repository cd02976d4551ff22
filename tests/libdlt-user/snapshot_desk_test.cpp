#include "snapshot_desk.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <thread>
#include <vector>

#include "support/deadline.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace std::chrono_literals;
using dlt::test::eventually;
using dlt::test::patience;
namespace local = dlt::proto::local;

namespace {

using Clock = SnapshotDesk::Clock;

struct Office {
  Office() { desk.open(0s, start); }
  ~Office() {
    if (asker.joinable()) asker.join();
  }

  void ask(std::string reason) {
    asker = std::thread([this, reason] { answer = desk.ask(reason, Clock::now() + patience, [this] { ++rings; }); });
    REQUIRE(eventually([&] { return desk.has_news(); }));
  }
  // What is sent in a round.
  std::vector<std::string> serve(Clock::time_point now, std::string_view refusal = {}) {
    std::vector<std::string> reasons;
    desk.serve(now, refusal, [&](const local::SnapshotRequest& m) {
      reasons.emplace_back(m.reason);
      last = m.id;
    });
    return reasons;
  }
  Snapshot answered() {
    asker.join();
    return answer;
  }

  const Clock::time_point start = Clock::now();
  SnapshotDesk desk;
  std::thread asker;
  Snapshot answer;
  std::atomic<int> rings{0};
  std::uint32_t last = 0;
};

using Reasons = std::vector<std::string>;
using Status = local::SnapshotAnswer::Status;

}  // namespace

TEST_CASE("who asks hears the path, or what went wrong") {
  Office o;
  const auto status = GENERATE(Status::written, Status::failed);
  o.ask("why");
  CHECK(o.serve(o.start) == Reasons{"why"});
  CHECK(o.serve(o.start).empty());

  o.desk.answered({o.last + 1, Status::written, "another's"});
  o.desk.answered({o.last, status, "text"});

  const Snapshot s = o.answered();
  CHECK(static_cast<bool>(s) == (status == Status::written));
  CHECK((s ? s.path : s.problem) == "text");
  CHECK(o.rings == 1);
}

TEST_CASE("a daemon that cannot is named at once; one that breaks off is followed by the next") {
  Office o;
  o.ask("why");
  SECTION("cannot") {
    CHECK(o.serve(o.start, "it cannot").empty());
    CHECK(o.answered().problem == "it cannot");
  }
  SECTION("breaks off") {
    CHECK(o.serve(o.start) == Reasons{"why"});
    o.desk.on_broken();
    CHECK(o.desk.has_news());
    CHECK(o.serve(o.start) == Reasons{"why"});
    o.desk.answered({o.last, Status::written, "/there"});
    CHECK(o.answered().path == "/there");
  }
  SECTION("the session ends") {
    o.desk.close("the end");
    CHECK(o.answered().problem == "the end");
    CHECK(o.desk.ask("again", Clock::now() + patience, [] {}).problem == "the end");
  }
}

TEST_CASE("nobody waits for longer than the limit") {
  Office o;
  CHECK(o.desk.ask("why", Clock::now(), [] {}).problem == "no daemon was connected in time");
  const Snapshot s = o.desk.ask("why", Clock::now(), [&o] { (void)o.serve(o.start); });
  CHECK(s.problem == "the daemon has not answered in time");
  o.desk.answered({o.last, Status::written, "late"});  // means nothing
}

TEST_CASE("a handler asks for one, however often it runs") {
  Office o;
  for (int i = 0; i < 5; ++i) o.desk.ask_from_handler();
  CHECK(o.desk.has_news());
  CHECK(o.serve(o.start) == Reasons{"signal"});
  CHECK(o.serve(o.start).empty());
  o.desk.answered({o.last, Status::written, "/there"});
}

TEST_CASE("the interval asks again and again, and not where nobody can") {
  Office o;
  o.desk.open(10s, o.start);
  CHECK(o.desk.alarm() == o.start + 10s);
  CHECK(o.serve(o.start + 9s).empty());
  CHECK(o.serve(o.start + 10s) == Reasons{"interval"});
  o.desk.answered({o.last, Status::written, "/there"});
  CHECK(o.desk.alarm() == o.start + 20s);
  CHECK(o.serve(o.start + 20s, "it cannot").empty());
  CHECK(o.serve(o.start + 30s) == Reasons{"interval"});
}

TEST_CASE("no more than so many wait, and a reason is cut to what fits a message") {
  Office o;
  std::vector<std::thread> askers;
  std::atomic<int> refused{0};
  for (std::size_t i = 0; i < SnapshotDesk::most_waiting + 4; ++i)
    askers.emplace_back([&] {
      if (o.desk.ask(std::string(1000, 'r'), Clock::now() + patience, [] {}).problem ==
          "too many snapshots are being waited for")
        ++refused;
    });
  CHECK(eventually([&] { return refused == 4; }));
  const auto sent = o.serve(o.start);
  CHECK(sent.size() == SnapshotDesk::most_waiting);
  for (const auto& reason : sent) CHECK(reason.size() == local::SnapshotRequest::max_reason);
  o.desk.close("the end");
  for (auto& t : askers) t.join();
}
