// Links between two daemons of ours that break: a gateway, its node, and what stands between them.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/breaking_relay.hpp"
#include "dlt-daemon/support/played_gateway.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

namespace {

Config gateway_in(const TempDir& dir, std::uint16_t node) {
  write_file(dir / "gw.conf", section(1, node, "ECU2", "Timeout=0\n"));
  auto config = config_in(dir);
  config.ecu = "GATE";
  config.gateway = true;
  config.gateway_file = dir / "gw.conf";
  return config;
}
nlohmann::json node_of(const RunningDaemon& gateway) { return gateway.status()["nodes"].at(0); }
bool acknowledged(const RunningDaemon& gateway) {
  return eventually([&] { return node_of(gateway)["acknowledged"] == true; });
}
}  // namespace

TEST_CASE("a link that breaks in mid-stream, again and again, loses no message, repeats none and keeps their order") {
  const bool also_a_viewer = GENERATE(false, true);  // then the node's backlog keeps nothing
  INFO("a viewer at the node: " << also_a_viewer);
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  BreakingRelay relay(node.client_port());
  RunningDaemon gateway(gateway_in(at_gateway, relay.port()));
  FrameClient viewer = gateway.client();
  REQUIRE(gateway.clients(1));
  REQUIRE(acknowledged(gateway));
  std::optional<FrameClient> other;
  if (also_a_viewer) other.emplace(node.client());

  // While it is logged, bytes are lost on their way, at each place where that may matter: in the stream, before the
  // node's answer on a new connection, in it, in what is sent again.
  Peer app = node.app();
  std::uint32_t next = 0;
  const auto log_some = [&] {
    REQUIRE(app.send(numbered_batch(next, 800)));
    next += 800;
    REQUIRE(node.received(next));
  };
  for (const std::uint64_t passed : {0U, 100U, 20'000U}) {
    log_some();
    relay.freeze();
    log_some();
    REQUIRE(relay.holds(1000));
    relay.cut();
    REQUIRE(relay.has_cut());
    log_some();
    relay.cut_after(passed);
    REQUIRE(relay.has_cut());
    log_some();
    const bool all = eventually([&] { return node_of(gateway)["received"]["messages"] == next; });
    INFO("after " << passed << " bytes; " << node_of(gateway).dump() << "\nthe node: " << node.status().dump());
    REQUIRE(all);
  }
  CHECK(out_of_order(viewer, next) == 0);
  REQUIRE(at_rest(node));
  const auto n = node_of(gateway);
  CHECK(n["received"]["messages"] == next);
  CHECK(n["lost"] == 0);
  CHECK(n["resumed"].get<int>() >= 3);
  CHECK(relay.connections() >= 7);
  if (other) CHECK(out_of_order(*other, next) == 0);
}

TEST_CASE("a node that ends in order has given its gateway everything, also behind acknowledgements that cross it") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  RunningDaemon gateway(gateway_in(at_gateway, node.client_port()));
  REQUIRE(acknowledged(gateway));
  Peer app = node.app();
  constexpr std::uint32_t count = 20'000;
  flood(app, count);
  REQUIRE(node.received(count));
  const auto begin = Clock::now();
  node.stop();
  if (Clock::now() - begin > std::chrono::seconds(1)) return;  // it does not wait for ever
  CHECK(eventually([&] { return node_of(gateway)["received"]["messages"] == count; }));
}

TEST_CASE("a gateway that was started anew is another one: it begins with the node's backlog, each message once") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  Peer app = node.app();
  {
    RunningDaemon first(gateway_in(at_gateway, node.client_port()));
    REQUIRE(acknowledged(first));
    REQUIRE(app.send(numbered_batch(0, 10)));
    REQUIRE(eventually([&] { return node_of(first)["received"]["messages"] == 10; }));
  }
  REQUIRE(breaks(node));
  REQUIRE(app.send(numbered_batch(10, 10)));
  REQUIRE(node.received(20));
  RunningDaemon second(gateway_in(at_gateway, node.client_port()));
  REQUIRE(acknowledged(second));
  FrameClient viewer = second.client();
  CHECK(viewer.numbers(10) == up_from(10, 20));
  REQUIRE(app.send(numbered_batch(20, 1)));
  CHECK(viewer.number() == 20);
  CHECK(node_of(second)["received"]["messages"] == 11);
  CHECK(node_of(second)["resumed"] == 0);
}

TEST_CASE("a node that was started anew is followed from its beginning") {
  TempDir at_node;
  TempDir at_gateway;
  auto config = node_in(at_node);
  std::optional<RunningDaemon> node(config);
  config.port = node->client_port();
  RunningDaemon gateway(gateway_in(at_gateway, config.port));
  FrameClient viewer = gateway.client();
  REQUIRE(gateway.clients(1));
  REQUIRE(acknowledged(gateway));
  for (std::uint32_t life = 0; life < 2; ++life) {
    if (life != 0) {
      node.reset();
      node.emplace(config);
    }
    Peer app = node->app();
    REQUIRE(app.send(numbered_batch(10 * life, 10)));
    CHECK(viewer.numbers(10) == up_from(10 * life, 10 * life + 10));
  }
  REQUIRE(acknowledged(gateway));
  const auto n = node_of(gateway);
  CHECK(n["lost"] == 0);
  CHECK(n["resumed"] == 0);
  CHECK(n["received"]["messages"] == 20);
}

TEST_CASE("requests about links are not passed on to a node: the link is its gateway's") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  RunningDaemon gateway(gateway_in(at_gateway, node.client_port()));
  REQUIRE(acknowledged(gateway));
  FrameClient asker = gateway.client();
  REQUIRE(asker.peer().send(asked_of("ECU2", control::GatewayLink{6, "GATE", 0, 0})));
  const auto refused = asker.control(0xf22);
  REQUIRE(refused.size() == 27);
  CHECK(refused[26] == 2);
  CHECK(node_of(gateway)["acknowledged"] == true);
}

TEST_CASE("a filter is its client's: a request for one is not passed on to a node, whose client is the gateway") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  RunningDaemon gateway(gateway_in(at_gateway, node.client_port()));
  REQUIRE(acknowledged(gateway));
  FrameClient asker = gateway.client();
  FrameClient viewer = gateway.client();
  REQUIRE(gateway.clients(2));
  REQUIRE(asker.peer().send(asked_of("ECU2", control::SetClientFilter{"!:\n"})));
  const auto answer = asker.control(0xf20);
  REQUIRE(answer.size() == 27);
  CHECK(answer[26] == 2);
  Peer app = node.app();
  REQUIRE(app.send(numbered_batch(0, 10)));
  CHECK(viewer.numbers(10) == up_from(0, 10));
}

TEST_CASE("a node whose section changes at a reload keeps its link: what was under way is not lost") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  BreakingRelay relay(node.client_port());
  const auto config = gateway_in(at_gateway, relay.port());
  RunningDaemon gateway(config);
  FrameClient viewer = gateway.client();
  REQUIRE(gateway.clients(1));
  REQUIRE(acknowledged(gateway));
  Peer app = node.app();
  REQUIRE(app.send(numbered_batch(0, 800)));
  REQUIRE(eventually([&] { return node_of(gateway)["received"]["messages"] == 800; }));
  relay.freeze();
  REQUIRE(app.send(numbered_batch(800, 800)));
  REQUIRE(relay.holds(1000));
  write_file(at_gateway / "gw.conf", section(1, relay.port(), "ECU2", "Timeout=77\n"));
  gateway.daemon().reload(config);
  REQUIRE(eventually([&] { return relay.connections() == 2; }));
  relay.cut_after(1 << 30);
  REQUIRE(app.send(numbered_batch(1600, 1)));
  const bool all = eventually([&] { return node_of(gateway)["received"]["messages"] == 1601; });
  const auto n = node_of(gateway);
  INFO(n.dump());
  REQUIRE(all);
  CHECK(out_of_order(viewer, 1601) == 0);
  CHECK(n["resumed"] == 1);
}
