// Links between two daemons of ours that break: a gateway, its node, and what stands between them. And a node whose
// gateway a test plays, byte by byte.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/breaking_relay.hpp"
#include "dlt-daemon/support/running_daemon.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

Config node_in(const TempDir& dir) {
  auto config = config_in(dir);
  config.ecu = "ECU2";
  return config;
}
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
// Nothing is under way any more, as far as the node knows.
bool at_rest(const RunningDaemon& node) {
  return eventually([&] {
    const auto s = node.status();
    for (const auto& c : s["clients"])
      if (c["queued_bytes"] != 0 || c["unacknowledged_bytes"] != 0) return false;
    return s["broken_links"].empty();
  });
}

// A gateway that is played by the test.
struct PlayedGateway {
  Client client;
  std::uint64_t received = 0;
  std::uint64_t epoch = 0;
  bool resumed = false;

  explicit PlayedGateway(const RunningDaemon& node) : client(node.client()) {}

  void ask(std::uint64_t link, std::uint64_t of_epoch, std::uint64_t has) {
    REQUIRE(client.peer().send(request(control::GatewayLink{link, "GATE", of_epoch, has})));
    const auto f = client.control(0xf22);
    REQUIRE(f.size() == 27 + 25);
    CHECK(f[26] == 0);
    CHECK(proto::load_le<std::uint64_t>(f.data() + 27) == link);
    epoch = proto::load_le<std::uint64_t>(f.data() + 35);
    received = proto::load_le<std::uint64_t>(f.data() + 43);
    resumed = f[51] != 0;
  }
  // The number of the next log message; 0xffff'ffff at the end of the stream. Every frame counts.
  std::uint32_t number() {
    for (;;) {
      const auto f = client.frame();
      if (f.empty()) return 0xffff'ffff;
      ++received;
      if (f[0] == 0x3d) return number_of(proto::as_bytes(f));
    }
  }
  std::vector<std::uint32_t> numbers(std::size_t n) {
    std::vector<std::uint32_t> out;
    while (out.size() < n && (out.empty() || out.back() != 0xffff'ffff)) out.push_back(number());
    return out;
  }
  void acknowledge() { REQUIRE(client.peer().send(request(control::GatewayReceived{received}))); }
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(client.peer().fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client.peer().close();
  }
};

std::vector<std::uint32_t> range(std::uint32_t first, std::uint32_t end) {
  std::vector<std::uint32_t> all;
  for (; first < end; ++first) all.push_back(first);
  return all;
}

bool breaks(const RunningDaemon& node) {
  return eventually([&] { return node.status()["broken_links"].size() == 1; });
}

// A gateway has begun link 5, and is gone before anything came; the epoch that it was told.
std::uint64_t link_that_broke(const RunningDaemon& node) {
  std::uint64_t epoch = 0;
  {
    PlayedGateway gateway(node);
    gateway.ask(5, 0, 0);
    epoch = gateway.epoch;
    gateway.reset();
  }
  REQUIRE(breaks(node));
  return epoch;
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
  Client viewer = gateway.client();
  REQUIRE(gateway.clients(1));
  REQUIRE(acknowledged(gateway));
  std::optional<Client> other;
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
  Client viewer = second.client();
  CHECK(viewer.numbers(10) == range(10, 20));
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
  Client viewer = gateway.client();
  REQUIRE(gateway.clients(1));
  REQUIRE(acknowledged(gateway));
  for (std::uint32_t life = 0; life < 2; ++life) {
    if (life != 0) {
      node.reset();
      node.emplace(config);
    }
    Peer app = node->app();
    REQUIRE(app.send(numbered_batch(10 * life, 10)));
    CHECK(viewer.numbers(10) == range(10 * life, 10 * life + 10));
  }
  REQUIRE(acknowledged(gateway));
  const auto n = node_of(gateway);
  CHECK(n["lost"] == 0);
  CHECK(n["resumed"] == 0);
  CHECK(n["received"]["messages"] == 20);
}

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
    CHECK(gateway.numbers(3) == range(0, 3));
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
  CHECK(again.numbers(12) == range(3, 15));
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
  CHECK(half_open.numbers(4) == range(0, 4));
  PlayedGateway again(node);
  again.ask(5, half_open.epoch, half_open.received);
  CHECK(again.resumed);
  CHECK(again.numbers(6) == range(4, 10));
  CHECK(half_open.numbers(7).back() == 0xffff'ffff);
}

TEST_CASE("a viewer that comes while a gateway is away gets the backlog, and so does the gateway, each message once") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  Peer app = node.app();
  const std::uint64_t epoch = link_that_broke(node);
  REQUIRE(app.send(numbered_batch(0, 10)));
  REQUIRE(node.received(10));
  Client viewer = node.client();
  CHECK(viewer.numbers(10) == range(0, 10));
  REQUIRE(app.send(numbered_batch(10, 5)));
  CHECK(viewer.numbers(5) == range(10, 15));
  PlayedGateway again(node);
  again.ask(5, epoch, 0);
  CHECK(again.resumed);
  CHECK(again.numbers(15) == range(0, 15));
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
  CHECK(again.numbers(count - lost) == range(lost, count));
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
  Client viewer = node.client();
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

TEST_CASE("requests about links are not passed on to a node: the link is its gateway's") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  RunningDaemon gateway(gateway_in(at_gateway, node.client_port()));
  REQUIRE(acknowledged(gateway));
  Client asker = gateway.client();
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
  Client asker = gateway.client();
  Client viewer = gateway.client();
  REQUIRE(gateway.clients(2));
  REQUIRE(asker.peer().send(asked_of("ECU2", control::SetClientFilter{"!:\n"})));
  const auto answer = asker.control(0xf20);
  REQUIRE(answer.size() == 27);
  CHECK(answer[26] == 2);
  Peer app = node.app();
  REQUIRE(app.send(numbered_batch(0, 10)));
  CHECK(viewer.numbers(10) == range(0, 10));
}

TEST_CASE("a node whose section changes at a reload keeps its link: what was under way is not lost") {
  TempDir at_node;
  TempDir at_gateway;
  RunningDaemon node(node_in(at_node));
  BreakingRelay relay(node.client_port());
  const auto config = gateway_in(at_gateway, relay.port());
  RunningDaemon gateway(config);
  Client viewer = gateway.client();
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
