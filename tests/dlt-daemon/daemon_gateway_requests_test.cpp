// What clients ask of a daemon's passive nodes: requests that are the nodes', and the nodes connected and disconnected.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/gateway_daemon.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("clients connect and disconnect nodes, those that connect at the start as well") {
  TempDir dir;
  FakeNode two;
  FakeNode three;
  two.listen();
  three.listen();
  RunningDaemon d(
      gateway_in(dir, section(1, two.port(), "ECU2") + section(2, three.port(), "ECU3", "Connect=OnDemand\n")));
  Peer second = two.accept();
  REQUIRE(becomes(d, "connected"));
  CHECK(node(d, 1)["state"] == "idle");
  CHECK(states(dir) == "ECU2:2 ECU3:1 ");

  Peer asker = Peer::to_unix(dir / "ctrl.sock");
  const auto answer_to = [&](std::uint32_t on, EcuId ecu) {
    REQUIRE(asker.send(connect_request(on, ecu)));
    const auto f = next_frame(asker);
    CHECK(service_of(f) == 0xf06);
    return status_of(f);
  };
  CHECK(answer_to(1, "ECU3") == 0);
  CHECK(answer_to(1, "ECU3") == 0);  // it is connected already
  CHECK(answer_to(0, "ECU2") == 0);
  CHECK(second.is_closed());
  CHECK(states(dir) == "ECU2:3 ECU3:2 ");
  CHECK(answer_to(0, "ECU2") == 0);
  CHECK(answer_to(1, "NONE") == 2);
  CHECK(answer_to(0, "NONE") == 2);
  CHECK(answer_to(2, "ECU2") == 2);
  CHECK(answer_to(1, "ECU2") == 0);
  CHECK(states(dir) == "ECU2:2 ECU3:2 ");
}

TEST_CASE("a request with the ECU id of a node is the node's, any other is the daemon's own") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2")));
  Peer peer = fake.accept();
  REQUIRE(becomes(d, "connected"));
  FrameClient asker = d.client();
  FrameClient other = d.client();
  REQUIRE(d.clients(2));

  const auto set = asked_of("ECU2", control::SetLogLevel{"APP1", "CTX1", 6});
  const auto strange = asked_of("ECU2", control::OtherRequest{static_cast<control::Service>(0x77), {}});
  REQUIRE(asker.peer().send(set + strange + asked_of("ECU1", control::GetDefaultLogLevel{}) +
                            asked_of("WHO", control::GetSoftwareVersion{})));
  CHECK(peer.receive(set.size()) == set);
  CHECK(peer.receive(strange.size()) == strange);
  const auto level = asker.control(0x04);
  CHECK(ecu_of(level) == "ECU1");
  CHECK(status_of(level) == 0);
  CHECK(ecu_of(asker.control(0x13)) == "ECU1");

  const auto done = node_says(control::Plain{control::Service::set_log_level, control::Status::ok});
  REQUIRE(peer.send(done));
  CHECK(asker.control(0x01) == done);
  CHECK(other.control(0x01) == done);
  CHECK(node(d)["forwarded"] == 2);
}

TEST_CASE("a request to a node that is not connected is answered with an error in the node's name") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.port(), "ECU2", "Connect=OnDemand\n")));
  FrameClient asker = d.client();
  REQUIRE(asker.peer().send(asked_of("ECU2", control::SetLogLevel{"APP1", "CTX1", 6})));
  const auto refused = asker.control(0x01);
  CHECK(ecu_of(refused) == "ECU2");
  CHECK(status_of(refused) == 2);
  CHECK(node(d)["refused"] == 1);
}

TEST_CASE("a node that goes before it has answered is told to who has asked") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2")));
  Peer peer = fake.accept();
  REQUIRE(becomes(d, "connected"));
  FrameClient asker = d.client();
  const auto set = asked_of("ECU2", control::SetLogLevel{"APP1", "CTX1", 6});
  REQUIRE(asker.peer().send(set));
  CHECK(peer.receive(set.size()) == set);
  peer.close();
  const auto refused = asker.control(0x01);
  CHECK(ecu_of(refused) == "ECU2");
  CHECK(status_of(refused) == 2);
}

TEST_CASE("the socket for control gets the answers of a node to its own requests, and nothing else of it") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2")));
  Peer peer = fake.accept();
  REQUIRE(becomes(d, "connected"));
  Peer asker = Peer::to_unix(dir / "ctrl.sock");
  const auto ask = asked_of("ECU2", control::GetDefaultLogLevel{});
  REQUIRE(asker.send(ask));
  REQUIRE(peer.receive(ask.size()) == ask);
  const auto answer = node_says(control::DefaultLogLevel{control::Status::ok, 5});
  REQUIRE(peer.send(node_frame(0) + node_says(control::Marker{}) +
                    node_says(control::SoftwareVersion{control::Status::ok, "not asked"}) + answer));
  CHECK(next_frame(asker) == answer);
  REQUIRE(asker.send(asked_of("ECU1", control::GetDefaultLogLevel{})));
  CHECK(ecu_of(next_frame(asker)) == "ECU1");
}

TEST_CASE("a node that never reads costs the requests that it does not take, then its connection") {
  TempDir dir;
  FakeNode fake(4096);
  auto config = gateway_in(dir, section(1, fake.listen().port(), "ECU2"));
  config.client_timeout = std::chrono::seconds(2);
  RunningDaemon d(config);
  Peer peer = fake.accept();
  REQUIRE(becomes(d, "connected"));
  FrameClient asker = d.client();
  const std::string data(60'000, 'x');
  const auto injection = asked_of("ECU2", control::Injection{0x1000, proto::as_bytes(data)}, "APP1", "CTX1");
  // More than the sockets and the daemon keep: refused by and by, the rest when the connection is cut.
  constexpr std::uint64_t requests = 300;
  for (std::uint64_t i = 0; i < requests; ++i) REQUIRE(asker.peer().send(injection));
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(status_of(asker.control(0x1000)) == 2);
  REQUIRE(eventually([&] { return node(d)["reconnects"] == 1; }));
  const auto n = node(d);
  CHECK(n["refused"].get<std::uint64_t>() + n["forwarded"].get<std::uint64_t>() >= requests);
}
