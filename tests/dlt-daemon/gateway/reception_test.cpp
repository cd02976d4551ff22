#include "gateway/reception.hpp"

#include <catch2/catch.hpp>

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::daemon::gateway;
using namespace std::chrono_literals;
using Then = Reception::Then;

namespace {

const Clock::time_point start{};

proto::control::GatewayLinked answer(std::uint64_t epoch, std::uint64_t sent, bool resumed) {
  return {{}, 5, epoch, sent, static_cast<std::uint8_t>(resumed ? 1 : 0)};
}

// A link that has begun, of which so many frames have come, and whose connection has ended.
Reception broken(std::uint64_t received) {
  Reception r("GATE", 5);
  (void)r.connected(start);
  (void)r.answered(answer(9, 0, false));
  r.came(received, 0);
  r.ended();
  return r;
}

}  // namespace

TEST_CASE("a gateway asks for a link, counts what comes and says how far it is when the connection is back") {
  Reception r("GATE", 5);
  auto asked = r.connected(start);
  CHECK((asked.link == 5 && asked.gateway == EcuId("GATE") && asked.epoch == 0 && asked.received == 0));
  CHECK_FALSE(r.holding());
  r.came(3, 0);  // before the answer: not of the link
  CHECK(r.answered(answer(9, 0, false)) == Then::pass_on);
  CHECK(r.up());
  r.came(40, 0);
  r.ended();
  CHECK_FALSE(r.up());
  asked = r.connected(start);
  CHECK((asked.link == 5 && asked.epoch == 9 && asked.received == 40));
  CHECK(r.holding());
  CHECK(r.answered(answer(9, 40, true)) == Then::leave_out);
  CHECK_FALSE(r.holding());
  CHECK(r.resumed() == 1);
  r.came(2, 0);
  r.ended();
  CHECK(r.connected(start).received == 42);
}

TEST_CASE("a node that has begun anew is followed from its beginning, and what was held is passed on") {
  Reception r = broken(40);
  (void)r.connected(start);
  CHECK(r.answered(answer(10, 0, false)) == Then::pass_on);
  r.came(1, 0);
  r.ended();
  const auto asked = r.connected(start);
  CHECK((asked.link == 5 && asked.epoch == 10 && asked.received == 1));
  CHECK(r.resumed() == 0);
}

TEST_CASE("a node that does not know links is asked again on its next connection, and nothing of it is held") {
  Reception r = broken(40);
  (void)r.connected(start);
  r.refused();
  CHECK_FALSE(r.holding());
  r.came(7, 1 << 20);
  CHECK_FALSE(r.acknowledge(true));
  r.ended();
  const auto asked = r.connected(start);
  CHECK((asked.epoch == 0 && asked.received == 0));
  CHECK_FALSE(r.holding());
}

TEST_CASE("a link may have begun whose answer was lost with the connection") {
  Reception r("GATE", 5);
  (void)r.connected(start);
  r.ended();
  const auto asked = r.connected(start);
  CHECK((asked.link == 5 && asked.epoch == 0));
  CHECK(r.holding());
  CHECK(r.answered(answer(9, 0, true)) == Then::leave_out);
}

TEST_CASE("a node that says nothing about links is not waited for") {
  Reception r = broken(40);
  (void)r.connected(start);
  CHECK_FALSE(r.late(start + Reception::link_patience - 1ms));
  CHECK(r.late(start + Reception::link_patience));
  CHECK_FALSE(r.late(start + Reception::link_patience));
  CHECK_FALSE(r.holding());
  r.ended();
  CHECK(r.connected(start).link != 5);  // what the node still keeps has been passed on
  CHECK_FALSE(r.holding());
}

TEST_CASE("a node that has never answered is waited for a short while only") {
  Reception r("GATE", 5);
  (void)r.connected(start);
  r.ended();
  (void)r.connected(start);
  CHECK(r.holding());
  CHECK_FALSE(r.late(start + Reception::patience - 1ms));
  CHECK(r.late(start + Reception::patience));
  CHECK_FALSE(r.holding());
}

TEST_CASE("an answer that comes late ends the connection where it would repeat what was passed on, else it counts") {
  Reception r = broken(40);
  (void)r.connected(start);
  REQUIRE(r.late(start + Reception::link_patience));
  CHECK(r.answered(answer(9, 40, true)) == Then::end);
  r.ended();
  CHECK(r.connected(start).epoch == 0);

  r = broken(40);
  (void)r.connected(start);
  REQUIRE(r.late(start + Reception::link_patience));
  CHECK(r.answered(answer(10, 0, false)) == Then::pass_on);
  CHECK(r.up());
  r.ended();
  CHECK(r.connected(start).epoch == 10);
}

TEST_CASE("answers that nobody has asked for change nothing") {
  Reception r("GATE", 5);
  CHECK(r.answered(answer(9, 7, true)) == Then::pass_on);
  CHECK_FALSE(r.up());
  r = broken(40);
  (void)r.connected(start);
  (void)r.answered(answer(9, 40, true));
  (void)r.answered(answer(3, 7, false));
  r.refused();
  CHECK(r.up());
  r.ended();
  CHECK(r.connected(start).received == 40);
}

TEST_CASE("acknowledgements are few: when much has come, or when somebody says so") {
  Reception r("GATE", 5);
  r.came(1, Reception::batch);
  CHECK_FALSE(r.acknowledge(true));
  (void)r.connected(start);
  (void)r.answered(answer(9, 0, false));
  CHECK_FALSE(r.owes());
  CHECK_FALSE(r.acknowledge(true));
  r.came(3, Reception::batch - 1);
  CHECK(r.owes());
  CHECK_FALSE(r.acknowledge(false));
  r.came(1, 1);
  CHECK(r.acknowledge(false)->received == 4);
  CHECK_FALSE(r.owes());
  r.came(1, 1);
  CHECK_FALSE(r.acknowledge(false));
  CHECK(r.acknowledge(true)->received == 5);
}

TEST_CASE("a link that is forgotten is another one from then on") {
  Reception r = broken(40);
  r.forget();
  const auto asked = r.connected(start);
  CHECK((asked.link != 5 && asked.epoch == 0 && asked.received == 0));
  CHECK_FALSE(r.holding());
}
