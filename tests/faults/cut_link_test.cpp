// The link between a gateway and its node is cut while both live, again and again, at any byte: what was logged at the
// node comes to the gateway once, and in order.
#include <catch2/catch.hpp>

#include "faults/cutting_relay.hpp"
#include "faults/starved_node.hpp"

namespace dlt::test {
namespace {

void cut_and_count(unsigned cuts) {
  const auto seed = static_cast<std::uint32_t>(Catch::rngSeed());
  INFO("seed " << seed);
  Daemon node(DLT_DAEMON, {{"ECUId", "ECU2"}, {"RingbufferMaxSize", "1000000000"}});
  node.start();
  CuttingRelay relay([&] { return RawPeer::to_tcp(node.port()); }, CuttingRelay::Talks::who_listens, seed);
  Books books;
  Daemon gateway(DLT_DAEMON, books.gateway(relay.port()));
  gateway.set("ControlSocketPath", gateway.dir() / "ctrl.sock");
  gateway.start();
  const auto linked = [&] { return Books::node(gateway).at("acknowledged") == true; };
  REQUIRE(eventually(linked));
  const auto app = RawPeer::to_unix(node.dir() / "app.sock");
  REQUIRE(app.send(registration("NODE")));
  std::uint32_t logged = 0;
  const auto log_some = [&] {
    REQUIRE(app.send(numbered_batch(first_number + logged, 200)));
    logged += 200;
  };

  relay.cut(cuts);
  for (unsigned left = cuts; left > 0; left = relay.cuts_left()) {
    CAPTURE(left);
    REQUIRE(eventually([&] { return ask_to_connect(gateway, true) == 0; }));  // at once, not in a second
    for (int enough = 0; enough < 5 && relay.cuts_left() == left; ++enough) {
      log_some();
      (void)eventually([&] { return relay.cuts_left() < left; }, std::chrono::milliseconds(10));
    }
    REQUIRE(eventually([&] { return relay.cuts_left() < left; }));
  }
  log_some();

  const bool all = eventually([&] { return Books::node(gateway).at("received").at("messages") == logged; });
  INFO(Books::node(gateway).dump() << "\nthe node: " << look(node).dump());
  CHECK(all);
  const auto n = Books::node(gateway);
  CHECK(n.at("received").at("messages") == logged);
  CHECK(n.at("lost") == 0);
  CHECK(n.at("resumed") > 0);  // or this has shown nothing
  std::cout << "a link, " << cuts << " cuts, gone on " << n.at("resumed") << " times: " << logged
            << " messages logged, " << n.at("received").at("messages") << " received, " << n.at("lost") << " lost\n";
  CHECK(books.close(gateway, logged));
  CHECK(gateway.stop() == 0);
  books.check_stored(logged);
  CHECK(node.stop() == 0);
}

}  // namespace

TEST_CASE("a link that is cut at any byte, again and again, loses nothing, repeats nothing and keeps the order") {
  cut_and_count(100 / scale);
}

}  // namespace dlt::test
