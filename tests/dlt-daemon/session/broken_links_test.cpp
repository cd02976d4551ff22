#include "session/broken_links.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;
using Numbers = std::vector<std::uint32_t>;

namespace {

constexpr std::uint64_t epoch = 77;
constexpr std::size_t room = 10'000;
const Clock::time_point start{};

struct Fixture {
  Pool pool{4096};
  Router router{Replay::unread, 10'000};
  BrokenLinks links{router, epoch, "ECU1"};

  void route(std::uint32_t first, std::uint32_t count) { router.route(numbered(pool, first, count), start); }
  // 0 to 3 are under way, 4 and 5 were not sent.
  void break_off(std::uint64_t link, std::size_t capacity = room, Clock::time_point now = start) {
    BrokenLink::Left left;
    left.kept.wrote(numbered(pool, 0, 4));
    left.unsent.push_back(numbered(pool, 4, 2));
    links.put({link, "GATE"}, std::move(left), capacity, now);
  }
};

proto::control::GatewayLink asks(std::uint64_t link, std::uint64_t received, std::uint64_t of = epoch) {
  return {link, "GATE", of, received};
}

}  // namespace

TEST_CASE("a gateway that comes back gets what was under way, what was not sent and what came since, each once") {
  for (std::uint32_t received = 0; received <= 4; ++received) {
    Fixture f;
    f.break_off(1);
    f.route(6, 2);
    auto found = f.links.take(asks(1, received));
    REQUIRE(found.resumed);
    CHECK(found.kept.written() == received);
    CHECK(found.lost == 0);
    Numbers expected;
    for (std::uint32_t n = received; n < 4; ++n) expected.push_back(n);
    CHECK(numbers_in(found.again) == expected);
    CHECK(numbers_in(found.waiting) == Numbers{4, 5, 6, 7});
    CHECK(f.links.all().empty());
    f.route(8, 1);  // to nobody who is not there any more
  }
}

TEST_CASE("a link is taken once, by its number and in its epoch only") {
  Fixture f;
  f.break_off(1);
  CHECK_FALSE(f.links.take(asks(2, 0)).resumed);
  CHECK_FALSE(f.links.take(asks(1, 0, epoch + 1)).resumed);
  f.break_off(1);
  CHECK(f.links.take(asks(1, 0)).resumed);
  CHECK_FALSE(f.links.take(asks(1, 0)).resumed);
}

TEST_CASE("a gateway that has not seen the answer to its first request has got nothing of the link") {
  Fixture f;
  f.break_off(1);
  auto found = f.links.take(asks(1, 0, 0));
  CHECK(found.resumed);
  CHECK(numbers_in(found.again) == Numbers{0, 1, 2, 3});
}

TEST_CASE("a gateway that claims what it was not sent begins anew") {
  Fixture f;
  f.break_off(1);
  const auto found = f.links.take(asks(1, 5));
  CHECK_FALSE(found.resumed);
  CHECK(found.again.empty());
}

TEST_CASE("of what waits the newest is kept and the rest is counted, but what was under way is not touched") {
  Fixture f;
  f.break_off(1, 90);
  f.route(6, 2);
  REQUIRE(f.links.all().size() == 1);
  CHECK(f.links.all()[0]->lost() == 2);
  auto found = f.links.take(asks(1, 3));
  CHECK(found.resumed);
  CHECK(numbers_in(found.again) == Numbers{3});
  CHECK(found.lost == 2);
  CHECK(found.losses.dropped.messages == 2);
  CHECK(numbers_in(found.waiting) == Numbers{6, 7});
}

TEST_CASE("what the daemon itself says waits too, and is nothing that was lost") {
  Fixture f;
  f.break_off(1, 90);
  FrameSpan own = numbered(f.pool, 50, 1);
  own.own = true;
  f.router.notify(own, start);
  f.router.notify(own, start);
  f.route(6, 2);
  f.route(8, 1);
  const auto found = f.links.take(asks(1, 4));
  CHECK(found.lost == 2);
  CHECK(numbers_in(found.waiting) == Numbers{6, 7, 8});
}

TEST_CASE("after a while nobody is waited for, and what was under way is lost, exactly") {
  Fixture f;
  f.break_off(1);
  f.links.tick(start + BrokenLinks::patience - 1s);
  CHECK(f.links.waiting());
  f.links.tick(start + BrokenLinks::patience);
  CHECK_FALSE(f.links.waiting());
  f.route(6, 2);
  CHECK(f.links.all()[0]->bytes() == 0);
  const auto found = f.links.take(asks(1, 1));
  CHECK_FALSE(found.resumed);
  CHECK(found.lost == 3);
  CHECK(found.kept.written() == 0);
  CHECK(found.again.empty());
  CHECK(found.waiting.empty());
}

TEST_CASE("losses that had not been told go with the link, and are told when it is over as well") {
  Fixture f;
  const auto put = [&] {
    BrokenLink::Left left;
    left.losses.dropped.messages = 7;
    left.losses.untold["APP1"] = 5;
    f.links.put({1, "GATE"}, std::move(left), room, start);
  };
  put();
  auto found = f.links.take(asks(1, 0));
  CHECK(found.lost == 0);
  CHECK(found.losses.untold == Outbox::Messages{{"APP1", 5}});
  CHECK(found.losses.dropped.messages == 7);
  put();
  f.links.tick(start + BrokenLinks::patience);
  found = f.links.take(asks(1, 0));
  CHECK(found.lost == 5);
  CHECK(found.losses.untold.empty());
}

TEST_CASE("few are waited for at a time and few are known: the oldest have to go") {
  Fixture f;
  for (std::uint64_t link = 1; link <= BrokenLinks::most + 1; ++link) f.break_off(link);
  CHECK(f.links.all().size() == BrokenLinks::most);
  const auto waiting =
      std::count_if(f.links.all().begin(), f.links.all().end(), [](const auto& l) { return l->waiting(); });
  CHECK(waiting == BrokenLinks::most_waiting);
  CHECK(f.links.forgotten().links == 1);
  CHECK(f.links.forgotten().messages == 4);
  CHECK(f.links.take(asks(1, 0)).lost == 0);  // not known
  CHECK(f.links.take(asks(2, 0)).lost == 4);
  CHECK(f.links.take(asks(BrokenLinks::most + 1, 0)).resumed);
}

TEST_CASE("however many links begin and break, one that lost something is known longer than those that lost less") {
  Fixture f;
  f.break_off(1);
  for (std::uint64_t link = 2; link < 100; ++link) f.links.put({link, "EVIL"}, {}, room, start);
  CHECK(f.links.all().size() == BrokenLinks::most);
  CHECK(f.links.forgotten().links == 99 - BrokenLinks::most);
  CHECK(f.links.forgotten().messages == 0);
  CHECK(f.links.take(asks(1, 1)).lost == 3);
}

TEST_CASE("what a link is owed that nobody goes on with in a way that makes sense is counted") {
  Fixture f;
  f.break_off(1);
  (void)f.links.take(asks(1, 5));
  CHECK(f.links.forgotten().links == 1);
  CHECK(f.links.forgotten().messages == 4);
  CHECK(f.links.take(asks(1, 0)).lost == 0);
  CHECK(f.links.forgotten().links == 1);
}

TEST_CASE("what is older than a link goes back to the backlog when the link is over, and came since is there already") {
  Fixture f;
  f.route(4, 2);
  auto older = f.router.take_older(f.router.total().bytes);
  const auto begun = f.router.total().bytes;
  f.route(6, 1);
  BrokenLink::Left left;
  left.kept.wrote(numbered(f.pool, 0, 4));
  left.unsent = older;
  left.unsent.push_back(f.router.backlog().spans().at(0));
  f.links.put({1, "GATE", begun}, std::move(left), room, start);
  f.route(7, 1);
  CHECK(numbers_in(f.router.backlog().spans()) == Numbers{6, 7});

  SECTION("it is over") {
    f.links.tick(start + BrokenLinks::patience);
    CHECK(numbers_in(f.router.backlog().spans()) == Numbers{4, 5, 6, 7});
    const auto found = f.links.take(asks(1, 0));
    CHECK(found.lost == 4);
    CHECK(found.waiting.empty());
  }
  SECTION("it goes on") {
    const auto found = f.links.take(asks(1, 0));
    CHECK(found.begun == begun);
    CHECK(numbers_in(found.waiting) == Numbers{4, 5, 6, 7});
    CHECK(numbers_in(f.router.backlog().spans()) == Numbers{6, 7});
  }
}

TEST_CASE("whoever is waited for holds nobody back and is nothing to wait for") {
  Fixture f;
  f.break_off(1);
  f.route(6, 2);
  CHECK_FALSE(f.router.holds_back(start));
  CHECK(f.router.settled().clients == f.router.total().bytes);
}

namespace {

FrameSpan notice_of_loss(Pool& pool, std::uint32_t messages) {
  proto::control::Envelope envelope;
  envelope.ecu = "ECU1";
  envelope.app = "APP1";
  FrameSpan span = span_of(pool, std::string(proto::as_text(*proto::control::frame(
                                     proto::control::MessageBufferOverflow{{}, 1, messages}, envelope))));
  span.own = true;
  return span;
}

std::uint64_t told_by(const BrokenLinks::Found& found) {
  std::uint64_t all = found.lost;
  for (const auto& [app, messages] : found.losses.untold) all += messages;
  return all;
}

}  // namespace

TEST_CASE("a loss whose notice was not sent is told all the same when there was no room for the notice") {
  Fixture f;
  BrokenLink::Left left;
  left.unsent.push_back(notice_of_loss(f.pool, 40));
  left.unsent.push_back(numbered(f.pool, 4, 2));
  f.links.put({1, "GATE"}, std::move(left), 90, start);
  f.route(6, 3);
  const auto found = f.links.take(asks(1, 0));
  REQUIRE(found.resumed);
  CHECK(numbers_in(found.waiting) == Numbers{6, 7, 8});
  CHECK(told_by(found) == 42);
}

TEST_CASE("a loss whose notice was under way, or not sent, is told when the link is over") {
  for (std::uint64_t received = 0; received <= 5; ++received) {
    Fixture f;
    BrokenLink::Left left;
    left.kept.wrote(numbered(f.pool, 0, 2));
    left.kept.wrote(notice_of_loss(f.pool, 40));
    left.kept.wrote(notice_of_loss(f.pool, 200));
    left.kept.wrote(numbered(f.pool, 2, 1));
    left.unsent.push_back(notice_of_loss(f.pool, 1000));
    f.links.put({1, "GATE"}, std::move(left), room, start);
    f.links.tick(start + BrokenLinks::patience);
    const auto found = f.links.take(asks(1, received));
    REQUIRE_FALSE(found.resumed);
    const std::array<std::uint64_t, 6> behind{243, 242, 241, 201, 1, 0};
    CHECK(told_by(found) == 1000 + behind[received]);
  }
}
