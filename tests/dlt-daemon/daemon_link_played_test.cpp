// A node whose gateway a test plays, byte by byte: what is sent again, what waits, what may be under way.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/played_gateway.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("a gateway that is played gets again what it does not say it has, and no byte more") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  Peer app = node.app();
  std::uint64_t epoch = 0;
  std::uint64_t has = 0;
  {
    PlayedGateway gateway(node);
    gateway.ask(5, 0, 0);
    CHECK_FALSE(gateway.resumed);
    CHECK(gateway.received == 0);
    CHECK(gateway.epoch != 0);
    REQUIRE(app.send(numbered_batch(0, 10)));
    CHECK(gateway.numbers(3) == up_from(0, 3));
    epoch = gateway.epoch;
    has = gateway.received;
    gateway.reset();
  }
  REQUIRE(breaks(node));
  REQUIRE(app.send(numbered_batch(10, 5)));
  REQUIRE(node.received(15));
  PlayedGateway again(node);
  again.ask(5, epoch, has);
  CHECK(again.resumed);
  CHECK(again.received == has);
  CHECK(again.numbers(12) == up_from(3, 15));
  again.acknowledge();
  CHECK(at_rest(node));
  REQUIRE(app.send(numbered_batch(15, 1)));
  CHECK(again.number() == 15);
}

TEST_CASE("a link whose gateway comes back before the node has noticed anything goes on") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  Peer app = node.app();
  PlayedGateway half_open(node);
  half_open.ask(5, 0, 0);
  REQUIRE(app.send(numbered_batch(0, 10)));
  CHECK(half_open.numbers(4) == up_from(0, 4));
  PlayedGateway again(node);
  again.ask(5, half_open.epoch, half_open.received);
  CHECK(again.resumed);
  CHECK(again.numbers(6) == up_from(4, 10));
  CHECK(half_open.numbers(7).back() == 0xffff'ffff);
}

TEST_CASE("a viewer that comes while a gateway is away gets the backlog, and so does the gateway, each message once") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  Peer app = node.app();
  const std::uint64_t epoch = link_that_broke(node);
  REQUIRE(app.send(numbered_batch(0, 10)));
  REQUIRE(node.received(10));
  FrameClient viewer = node.client();
  CHECK(viewer.numbers(10) == up_from(0, 10));
  REQUIRE(app.send(numbered_batch(10, 5)));
  CHECK(viewer.numbers(5) == up_from(10, 15));
  PlayedGateway again(node);
  again.ask(5, epoch, 0);
  CHECK(again.resumed);
  CHECK(again.numbers(15) == up_from(0, 15));
  REQUIRE(app.send(numbered_batch(15, 1)));
  CHECK(again.number() == 15);
}

TEST_CASE("what a broken link has no room for is counted, told and shown") {
  TempDir dir;
  auto config = node_in(dir);
  config.client_queue = 64 * 1024;
  config.ring_size = 64 * 1024;
  RunningDaemon node(config);
  Peer app = node.app();
  const std::uint64_t epoch = link_that_broke(node);
  constexpr std::uint32_t count = 8000;
  flood(app, count);
  REQUIRE(node.received(count));
  const auto lost = node.status()["broken_links"][0]["lost"].get<std::uint32_t>();
  REQUIRE(lost > 0);
  PlayedGateway again(node);
  again.ask(5, epoch, 0);
  REQUIRE(again.resumed);
  const auto told = again.client.control(0x14);
  REQUIRE(told.size() == 32);
  CHECK(proto::load_le<std::uint32_t>(told.data() + 28) == lost);
  CHECK(again.numbers(count - lost) == up_from(lost, count));
  CHECK(node.status()["clients"][0]["dropped"]["messages"] == lost);
}

TEST_CASE("a gateway of another epoch, with another link or with nonsense begins anew") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  Peer app = node.app();
  PlayedGateway first(node);
  first.ask(5, 0, 0);
  const auto epoch = first.epoch;
  for (const auto& [link, of, has] : {std::tuple{6U, epoch, 0U}, {7U, epoch + 1, 3U}, {5U, epoch, 1000U}}) {
    PlayedGateway other(node);
    other.ask(link, of, has);
    CHECK_FALSE(other.resumed);
    CHECK(other.received == 0);
  }
}

TEST_CASE("a connection has one link, and only what was sent can be acknowledged") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  PlayedGateway gateway(node);
  gateway.ask(5, 0, 0);
  REQUIRE(gateway.client.peer().send(request(control::GatewayLink{6, "GATE", 0, 0})));
  const auto refused = gateway.client.control(0xf22);
  REQUIRE(refused.size() == 27);
  CHECK(refused[26] == 2);
  REQUIRE(gateway.client.peer().send(request(control::GatewayReceived{1'000'000})));
  CHECK(gateway.client.peer().is_closed());
  FrameClient viewer = node.client();
  REQUIRE(viewer.peer().send(request(control::GatewayReceived{0})));
  CHECK(viewer.peer().is_closed());
}

TEST_CASE("a node sends a gateway no more than may be under way, until it acknowledges") {
  TempDir dir;
  auto config = node_in(dir);
  config.client_queue = 64 << 20;
  RunningDaemon node(config);
  Peer app = node.app();
  PlayedGateway gateway(node);
  gateway.ask(5, 0, 0);
  constexpr std::uint32_t count = 80'000;  // 5.6 MB
  flood(app, count);
  REQUIRE(node.received(count));
  std::uint32_t next = 0;
  bool in_order = true;
  const auto read_to = [&](std::uint32_t end) {
    for (; next < end; ++next) in_order = gateway.number() == next && in_order;
  };
  read_to(58'000);  // nearly as much
  CHECK(eventually([&] {
    const auto waiting = node.status()["clients"][0];
    return waiting["queued_bytes"].get<std::uint64_t>() > 0 &&
           waiting["unacknowledged_bytes"].get<std::uint64_t>() >= Unacknowledged::limit;
  }));
  gateway.acknowledge();
  read_to(count);
  CHECK(in_order);
}

TEST_CASE("a gateway whose requests keep its acknowledgements waiting is disconnected at once, and its link goes on") {
  TempDir dir;
  auto config = node_in(dir);
  config.client_queue = 64 << 20;
  config.client_timeout = std::chrono::hours(1);
  RunningDaemon node(config);
  Peer app = node.app();
  PlayedGateway gateway(node);
  gateway.ask(5, 0, 0);
  constexpr std::uint32_t count = 80'000;
  flood(app, count);
  REQUIRE(node.received(count));
  std::uint32_t next = 0;
  while (next < 58'000 && gateway.number() == next) ++next;
  REQUIRE(eventually([&] {
    return node.status()["clients"][0]["unacknowledged_bytes"].get<std::uint64_t>() >= Unacknowledged::limit;
  }));
  std::string many;
  for (int i = 0; i < 40'000; ++i) many += request(control::GetSoftwareVersion{});
  REQUIRE(gateway.client.peer().send(many));
  gateway.acknowledge();
  while (next < count && gateway.number() == next) ++next;
  PlayedGateway again(node);
  again.ask(5, gateway.epoch, gateway.received);
  REQUIRE(again.resumed);
  while (next < count && again.number() == next) ++next;
  CHECK(next == count);
}
