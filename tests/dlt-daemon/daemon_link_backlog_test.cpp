// A node whose backlog is wanted by viewers and by a gateway that comes and goes, which a test plays.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/played_gateway.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

namespace {

constexpr std::uint32_t more_than_sockets_take = 240'000;
constexpr std::uint32_t more_than_is_under_way = 80'000;  // 5.6 MB, Unacknowledged::limit are 4 MiB
constexpr std::uint32_t marker = 1'000'000;

Config roomy(const TempDir& dir) {
  auto config = node_in(dir);
  config.ring_size = 64 << 20;
  config.client_queue = 64 << 20;
  return config;
}

std::uint64_t backlog(const RunningDaemon& node) { return node.status()["backlog"]["bytes"].get<std::uint64_t>(); }

Peer slow_viewer(const RunningDaemon& node) { return Peer::to_tcp(node.client_port(), 4096); }

// All messages from some one on to `count`, and then the marker, in order, each once.
void check_rest(PlayedGateway& gateway, Peer& app, std::uint32_t count) {
  REQUIRE(app.send(numbered_batch(marker, 1)));
  const auto first = gateway.number();
  CHECK(first < count);
  std::uint32_t wrong = 0;
  for (std::uint32_t n = first + 1; n < count; ++n) {
    if (gateway.number() != n) ++wrong;
    if (n % 10'000 == 0) gateway.acknowledge();
  }
  CHECK(wrong == 0);
  CHECK(gateway.number() == marker);
}

// What a gateway gets that is too late, before the node's answer and behind it.
struct Got {
  std::vector<std::uint32_t> numbers;
  std::uint64_t lost = 0;  // by the node's word
};
Got all_of(PlayedGateway& gateway, std::uint64_t epoch, std::uint64_t has, Peer& app) {
  REQUIRE(gateway.client.peer().send(request(control::GatewayLink{5, "GATE", epoch, has})));
  Got got;
  bool answered = false;
  while (got.numbers.empty() || got.numbers.back() != marker) {
    const auto f = gateway.client.frame();
    REQUIRE_FALSE(f.empty());
    const auto service = f[0] == 0x35 && f.size() >= 26 ? proto::load_le<std::uint32_t>(f.data() + 22) : 0;
    if (f[0] == 0x3d) got.numbers.push_back(number_of(proto::as_bytes(f)));
    if (service == 0x14) got.lost += proto::load_le<std::uint32_t>(f.data() + 28);
    if (++gateway.received % 10'000 == 0 && answered) gateway.acknowledge();
    if (service == 0xf22) {
      CHECK(f[51] == 0);  // the link begins
      answered = true;
      gateway.received = 0;
      REQUIRE(app.send(numbered_batch(marker, 1)));
    }
  }
  got.numbers.pop_back();
  return got;
}

}  // namespace

TEST_CASE("what another client gives back while a gateway is away is the gateway's, if it is the next to come") {
  TempDir dir;
  auto config = node_in(dir);
  config.ring_size = 64 << 20;
  RunningDaemon node(config);
  Peer app = node.app();
  constexpr std::uint32_t count = more_than_sockets_take;
  flood(app, count);
  REQUIRE(node.received(count));
  std::optional<Peer> viewer(slow_viewer(node));
  REQUIRE(node.clients(1));
  const std::uint64_t epoch = link_that_broke(node);
  viewer.reset();
  REQUIRE(node.clients(0));
  REQUIRE(backlog(node) > 0);
  PlayedGateway again(node);
  again.ask(5, epoch, 0);
  REQUIRE(again.resumed);
  check_rest(again, app, count);
}

TEST_CASE("so it is when other connections come first that ask nothing, and when it has connected and not asked yet") {
  TempDir dir;
  RunningDaemon node(roomy(dir));
  Peer app = node.app();
  constexpr std::uint32_t count = more_than_sockets_take;
  flood(app, count);
  REQUIRE(node.received(count));
  std::optional<Peer> viewer(slow_viewer(node));
  REQUIRE(node.clients(1));
  const std::uint64_t epoch = link_that_broke(node);
  std::optional<PlayedGateway> again;
  if (GENERATE(false, true)) {
    again.emplace(node);
    REQUIRE(node.clients(2));
    viewer.reset();
    REQUIRE(node.clients(1));
  } else {
    viewer.reset();
    REQUIRE(node.clients(0));
    FrameClient other = node.client();
    REQUIRE(node.clients(1));
    other.peer().close();
    REQUIRE(node.clients(0));
    again.emplace(node);
  }
  again->ask(5, epoch, 0);
  REQUIRE(again->resumed);
  check_rest(*again, app, count);
  CHECK(backlog(node) == 0);
}

TEST_CASE("what another client gives back that a gateway has not been given is the gateway's at once") {
  const bool live = GENERATE(false, true);  // what came while only the viewer was there, or before it
  const bool connects_anew = GENERATE(false, true);
  INFO("live " << live << ", connects anew " << connects_anew);
  TempDir dir;
  RunningDaemon node(roomy(dir));
  Peer app = node.app();
  constexpr std::uint32_t count = more_than_sockets_take;
  std::optional<Peer> viewer;
  if (live) viewer.emplace(slow_viewer(node));
  REQUIRE(node.clients(live ? 1 : 0));
  flood(app, count);
  REQUIRE(node.received(count));
  if (!live) viewer.emplace(slow_viewer(node));
  REQUIRE(node.clients(1));
  std::optional<PlayedGateway> gateway(node);
  gateway->ask(5, 0, 0);
  viewer.reset();
  REQUIRE(node.clients(1));
  REQUIRE(backlog(node) == 0);
  if (!connects_anew) return check_rest(*gateway, app, count);
  PlayedGateway again(node);
  again.ask(5, gateway->epoch, 0);
  REQUIRE(again.resumed);
  check_rest(again, app, count);
}

TEST_CASE("what a gateway had begun to take of the backlog is its own while it is waited for, then the next client's") {
  const bool in_time = GENERATE(true, false);
  INFO("in time " << in_time);
  TempDir dir;
  RunningDaemon node(roomy(dir));
  Peer app = node.app();
  constexpr std::uint32_t count = more_than_sockets_take;
  flood(app, count);
  REQUIRE(node.received(count));
  std::optional<PlayedGateway> gateway(node);
  gateway->ask(5, 0, 0);
  const auto first = gateway->number();
  const auto epoch = gateway->epoch;
  const auto has = gateway->received;
  gateway->reset();
  REQUIRE(breaks(node));
  FrameClient viewer = node.client();
  REQUIRE(node.clients(1));
  if (in_time) {
    PlayedGateway again(node);
    again.ask(5, epoch, has);
    REQUIRE(again.resumed);
    check_rest(again, app, count);
  } else {
    links_are_over(node);
    CHECK(backlog(node) > 0);
    PlayedGateway late(node);
    const auto got = all_of(late, epoch, has, app);
    CHECK(got.numbers.size() + got.lost == count - first - 1);
    REQUIRE_FALSE(got.numbers.empty());
    CHECK(got.numbers.back() == count - 1);
  }
  REQUIRE(node.received(count + 1));
  CHECK(viewer.number() == marker);
}

TEST_CASE("what a link owes when it breaks a second time is delivered or counted, also when nobody goes on with it") {
  const bool other = GENERATE(false, true);  // one that came when the gateway had taken all of it
  INFO("another client " << other);
  TempDir dir;
  RunningDaemon node(roomy(dir));
  Peer app = node.app();
  const auto epoch = link_that_broke(node);
  constexpr std::uint32_t count = more_than_is_under_way;
  flood(app, count);
  REQUIRE(node.received(count));
  std::optional<PlayedGateway> again(node);
  again->ask(5, epoch, 0);
  REQUIRE(again->resumed);
  std::optional<FrameClient> viewer;
  if (other) viewer.emplace(node.client());
  REQUIRE(node.clients(other ? 2 : 1));
  again->reset();
  REQUIRE(breaks(node));
  links_are_over(node);

  PlayedGateway late(node);
  REQUIRE(node.clients(other ? 2 : 1));
  const auto got = all_of(late, epoch, 0, app);
  CHECK(got.lost > 0);
  CHECK(got.numbers.size() + got.lost == count);
  CHECK(got.numbers == up_from(static_cast<std::uint32_t>(got.lost), count));
  if (viewer) CHECK(viewer->number() == marker);
}

TEST_CASE("a gateway is told what it missed, however many have opened links since that it knows nothing of") {
  TempDir dir;
  RunningDaemon node(node_in(dir));
  Peer app = node.app();
  PlayedGateway gateway(node);
  gateway.ask(5, 0, 0);
  REQUIRE(app.send(numbered_batch(0, 10)));
  CHECK(gateway.numbers(6) == up_from(0, 6));
  const auto has = gateway.received;
  CHECK(gateway.numbers(4) == up_from(6, 10));
  gateway.reset();
  REQUIRE(breaks(node));
  for (std::uint64_t link = 6; link < 6 + 2 * BrokenLinks::most; ++link) {
    PlayedGateway other(node);
    other.ask(link, 0, 0);
    other.reset();
    REQUIRE(node.clients(0));
  }
  const auto s = node.status();
  CHECK(s["broken_links"].size() == BrokenLinks::most);
  CHECK(s["broken_links"][0]["lost"] == 10);
  CHECK(s["forgotten_links"]["links"] == BrokenLinks::most + 1);
  CHECK(s["forgotten_links"]["messages"] == 0);
  PlayedGateway late(node);
  REQUIRE(node.clients(1));
  CHECK(all_of(late, gateway.epoch, has, app).lost == 4);
}
