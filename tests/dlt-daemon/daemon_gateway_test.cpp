// A daemon with passive nodes that do whatever a test wants: they refuse, lie, break off, never read.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/gateway_daemon.hpp"
#include "dlt-daemon/support/stored.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("what nodes log goes to every client with its ECU id, and counts as theirs") {
  TempDir dir;
  FakeNode two;
  FakeNode three;
  two.listen();
  three.listen();
  RunningDaemon d(gateway_in(dir, section(1, two.port(), "ECU2") + section(2, three.port(), "ECU3")));
  Peer second = two.accept();
  Peer third = three.accept();
  FrameClient viewer = d.client();
  FrameClient other = d.client();
  REQUIRE(d.clients(2));
  Peer app = d.app();

  REQUIRE(app.send(registration() + log(frame(0))));
  REQUIRE(d.received(1));
  REQUIRE(second.send(node_frames(1, 10)));
  REQUIRE(d.received(11));
  REQUIRE(third.send(node_frames(11, 5, "ECU3")));

  for (FrameClient* client : {&viewer, &other}) {
    std::string seen;
    for (std::uint32_t n = 0; n < 16;) {
      const auto f = client->frame();
      REQUIRE_FALSE(f.empty());
      if (f[0] != 0x3d) continue;
      CHECK(number_of(proto::as_bytes(f)) == n);
      CHECK(ecu_of(f) == (n == 0 ? "ECU1" : n < 11 ? "ECU2" : "ECU3"));
      ++n;
    }
  }
  const auto status = d.status();
  CHECK(status["totals"]["received_messages"] == 16);
  CHECK(status["nodes"][0]["received"]["messages"] == 10);
  CHECK(status["nodes"][0]["received"]["bytes"] == 300);
  CHECK(status["nodes"][1]["received"]["messages"] == 5);
  CHECK(status["nodes"][1]["state"] == "connected");
  REQUIRE(status["applications"].size() == 1);
  CHECK(status["applications"][0]["received"]["messages"] == 1);
}

TEST_CASE("what a node logs while no client is there is kept for the next one, and stored under the node's ECU id") {
  TempDir dir;
  FakeNode fake;
  auto config = gateway_in(dir, section(1, fake.listen().port(), "ECU2"));
  config.storage_directory = dir / "log";
  config.storage_compression = false;
  RunningDaemon d(config);
  Peer peer = fake.accept();
  REQUIRE(peer.send(node_frames(0, 3)));
  REQUIRE(d.received(3));
  FrameClient viewer = d.client();
  CHECK(viewer.numbers(3) == up_to(3));
  Peer app = d.app();
  REQUIRE(app.send(registration() + log(frame(3))));
  REQUIRE(d.received(4));
  d.stop();
  const auto files = files_in(dir / "log");
  REQUIRE(files.size() == 1);
  std::string ecus;
  proto::ByteReader in(proto::as_bytes(files.begin()->second));
  while (in.remaining() > 0) {
    const auto header = proto::StorageHeader::decode(in);
    REQUIRE(header);
    ecus += std::string(header->ecu.text()) + " ";
    in.skip(30);
  }
  CHECK(ecus == "ECU2 ECU2 ECU2 ECU1 ");
}

TEST_CASE("requests of the configuration are sent on each connection and each n seconds") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2",
                                          "SendControl=0x03,0x13\nSendPeriodicControl=0x04:1\nSendSerialHeader=1\n")));
  for (int connection = 0; connection < 2; ++connection) {
    Peer peer = fake.accept();
    for (const std::uint32_t service : {0x03U, 0x13U, 0x04U, 0x04U}) {
      CHECK(peer.receive(4) == std::string("DLS\x01"));
      const auto f = next_frame(peer);
      CHECK(ecu_of(f) == "ECU2");
      CHECK(service_of(f) == service);
    }
    if (connection == 0) REQUIRE(peer.send(node_frame(0)));
    if (connection == 0) REQUIRE(d.received(1));
  }
  CHECK(eventually([&] { return node(d)["reconnects"] == 1; }));
}

TEST_CASE("a node that refuses is tried again until it listens, and connected again after it has gone") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.port(), "ECU2", "Timeout=0\n")));
  REQUIRE(eventually([&] { return node(d)["problem"] == "Connection refused"; }));
  fake.listen();
  {
    Peer peer = fake.accept();
    REQUIRE(peer.send(node_frame(0)));
    REQUIRE(has_received(d, 1));
  }
  Peer peer = fake.accept();
  REQUIRE(peer.send(node_frame(1)));
  REQUIRE(has_received(d, 2));
  CHECK(node(d)["reconnects"] == 1);
  CHECK(node(d)["problem"] == "");
  const linger reset{1, 0};
  ::setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  peer.close();
  Peer again = fake.accept();
  CHECK(eventually([&] { return node(d)["reconnects"] == 2; }));
}

TEST_CASE("a node is given up after its tries, until somebody asks for it") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.port(), "ECU2", "Timeout=1\n")));
  REQUIRE(becomes(d, "given_up"));
  CHECK(states(dir) == "ECU2:1 ");
  Peer asker = Peer::to_unix(dir / "ctrl.sock");
  REQUIRE(asker.send(connect_request(1, "ECU2")));
  CHECK(status_of(next_frame(asker)) == 2);  // the first try has failed again
  fake.listen();
  REQUIRE(asker.send(connect_request(1, "ECU2")));
  const auto f = next_frame(asker);
  CHECK(service_of(f) == 0xf06);
  CHECK(status_of(f) == 0);
  CHECK(states(dir) == "ECU2:2 ");
}

TEST_CASE("a node that accepts and says nothing but goodbye is given up like one that refuses") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2", "Timeout=1\n")));
  fake.accept_silently().close();
  fake.accept_silently().close();
  CHECK(becomes(d, "given_up"));
}

TEST_CASE("rubbish of a node is passed over and counted; a node that sends nothing else is cut off") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2")));
  FrameClient viewer = d.client();
  REQUIRE(d.clients(1));
  {
    Peer peer = fake.accept();
    REQUIRE(peer.send(node_frame(0) + std::string(1000, '\xff') + node_frames(1, 5)));
    CHECK(viewer.numbers(6) == up_to(6));
    CHECK(node(d)["garbage_bytes"] == 1000);
    const std::string rubbish(256 * 1024, '\xff');
    (void)peer.send(rubbish);  // it is cut off in the middle
    CHECK(peer.is_closed());
  }
  Peer again = fake.accept();
  REQUIRE(again.send(node_frame(6)));
  CHECK(viewer.numbers(1) == Numbers{6});
  const auto status = d.status();
  CHECK(status["refused"]["rubbish"] == 1);
  CHECK(status["nodes"][0]["garbage_bytes"].get<std::uint64_t>() > 64 * 1024);
  CHECK(status["totals"]["garbage_bytes"] == status["nodes"][0]["garbage_bytes"]);
}

TEST_CASE("messages of another ECU id than the node's are not passed on but counted") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2")));
  FrameClient viewer = d.client();
  REQUIRE(d.clients(1));
  Peer peer = fake.accept();
  REQUIRE(peer.send(node_frame(0, "ECU4") + node_frame(1) + node_frame(2, "ECU5")));
  CHECK(viewer.number() == 1);
  REQUIRE(eventually([&] { return node(d)["foreign_messages"] == 2; }));
  CHECK(node(d)["received"]["messages"] == 1);
}

TEST_CASE("a client's filter applies to what nodes log, not to what they answer") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(gateway_in(dir, section(1, fake.listen().port(), "ECU2")));
  FrameClient viewer = d.client();
  REQUIRE(viewer.peer().send(request(control::SetClientFilter{"APP2"})));
  REQUIRE(status_of(viewer.control(0xf20)) == 0);
  Peer peer = fake.accept();
  auto wanted = frame(1, 0, "APP2");
  wanted.replace(4, 4, "ECU2");
  const auto level = node_says(control::DefaultLogLevel{control::Status::ok, 5});
  REQUIRE(peer.send(node_frames(0, 1) + wanted + level));
  CHECK(viewer.number() == 1);
  CHECK(viewer.control(0x04) == level);
  CHECK(d.status()["clients"][0]["filtered"] == 1);
}

TEST_CASE("a client that does not read holds a node back as it does applications, and loses nothing of it") {
  TempDir dir;
  FakeNode fake;
  auto config = gateway_in(dir, section(1, fake.listen().port(), "ECU2"));
  config.client_stall = std::chrono::seconds(60);
  config.client_timeout = std::chrono::seconds(60);
  RunningDaemon d(config);
  FrameClient viewer = d.client(64 * 1024);
  REQUIRE(d.clients(1));
  Peer peer = fake.accept();
  constexpr std::uint32_t count = 200'000;  // more than the sockets hold
  bool sent = true;
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < count && sent; i += 1000) sent = peer.send(node_frames(i, 1000, "ECU2", 70));
  });
  const bool full = eventually([&] { return d.status()["clients"][0]["queued_bytes"] > 2 << 20; });
  std::uint32_t in_order = 0;
  while (in_order < count && viewer.number() == in_order) ++in_order;
  if (in_order != count) peer.end_sending();
  sender.join();
  CHECK(full);
  CHECK(sent);
  REQUIRE(in_order == count);
  CHECK(node(d)["received"]["messages"] == count);
  CHECK(d.status()["clients"][0]["dropped"]["messages"] == 0);
}

TEST_CASE("a file with mistakes does not stop the daemon or its other nodes") {
  TempDir dir;
  FakeNode fake;
  RunningDaemon d(
      gateway_in(dir, "[PassiveNode1]\nIPaddress=?\nEcuID=ECU3\n" + section(2, fake.listen().port(), "ECU2")));
  Peer peer = fake.accept();
  CHECK(states(dir).find("ECU2") == 0);
}

TEST_CASE("without its file a gateway serves as a daemon without nodes") {
  TempDir dir;
  auto config = gateway_in(dir, "");
  config.gateway_file = dir / "none.conf";
  RunningDaemon d(config);
  CHECK(states(dir).empty());
}

TEST_CASE("without GatewayMode requests about nodes are refused as the incumbent refuses them") {
  TempDir dir;
  auto config = gateway_in(dir, section(1, 1, "ECU2"));
  config.gateway = false;
  RunningDaemon d(config);
  FrameClient asker = d.client();
  REQUIRE(asker.peer().send(connect_request(1, "ECU2") + asked_of("ECU2", control::GetDefaultLogLevel{})));
  CHECK(status_of(asker.control(0xf07)) == 2);
  CHECK(ecu_of(asker.control(0x04)) == "ECU1");
  CHECK(d.status()["nodes"].empty());
}

TEST_CASE("a reload connects new nodes, disconnects old ones and leaves the others alone") {
  TempDir dir;
  FakeNode two;
  FakeNode three;
  FakeNode four;
  for (FakeNode* fake : {&two, &three, &four}) fake->listen();
  auto config = gateway_in(dir, section(1, two.port(), "ECU2") + section(2, three.port(), "ECU3"));
  RunningDaemon d(config);
  Peer second = two.accept();
  Peer third = three.accept();
  REQUIRE(becomes(d, "connected", 1));
  write_file(dir / "gw.conf", section(1, four.port(), "ECU4") + section(2, three.port(), "ECU3"));
  d.daemon().reload(config);
  Peer fourth = four.accept();
  CHECK(second.is_closed());
  CHECK(eventually([&] { return states(dir) == "ECU4:2 ECU3:2 "; }));
  REQUIRE(third.send(node_frame(0, "ECU3")));
  REQUIRE(d.received(1));
  // A file that cannot be read changes nothing.
  std::filesystem::remove(dir / "gw.conf");
  d.daemon().reload(config);
  REQUIRE(third.send(node_frame(1, "ECU3")));
  REQUIRE(d.received(2));
  config.gateway = false;
  d.daemon().reload(config);
  CHECK(third.is_closed());
  CHECK(fourth.is_closed());
}

TEST_CASE("a daemon is not its own passive node") {
  TempDir dir;
  const auto config = gateway_in(dir, "");
  RunningDaemon d(config);
  write_file(dir / "gw.conf", section(1, d.client_port(), "ECU2"));
  d.daemon().reload(config);
  CHECK(eventually([&] { return d.status()["nodes"].size() == 1; }));
  CHECK(becomes(d, "given_up"));
  CHECK(d.status()["clients"].empty());
}

TEST_CASE("a daemon ends in time whatever its nodes do") {
  TempDir dir;
  FakeNode floods;
  FakeNode silent;
  FakeNode refuses;
  RunningDaemon d(gateway_in(dir, section(1, floods.listen().port(), "ECU2") +
                                      section(2, silent.listen().port(), "ECU3") +
                                      section(3, refuses.port(), "ECU4", "Timeout=0\n")));
  Peer flooding = floods.accept();
  Peer quiet = silent.accept();
  std::thread flood([&] {
    while (flooding.send(node_frames(0, 1000))) {
    }
  });
  REQUIRE(eventually([&] { return node(d)["received"]["messages"].get<std::uint64_t>() > 10'000; }));
  d.stop();
  flood.join();
  CHECK(quiet.is_closed());
}

TEST_CASE("an acknowledgement that there was no room for is given when there is") {
  TempDir dir;
  FakeNode fake(4096);
  auto config = gateway_in(dir, section(1, fake.listen().port(), "ECU2"));
  config.client_timeout = std::chrono::hours(1);
  RunningDaemon d(config);
  std::uint64_t link = 0;
  Peer peer = fake.accept_silently(&link);
  REQUIRE(peer.send(node_says(control::GatewayLinked{control::Status::ok, link, 9, 0, 0})));
  REQUIRE(eventually([&] { return node(d)["acknowledged"] == true; }));
  FrameClient asker = d.client();
  const std::string data(60'000, 'x');
  const auto injection = asked_of("ECU2", control::Injection{0x1000, proto::as_bytes(data)}, "APP1", "CON1");
  REQUIRE(eventually([&] { return !asker.peer().send(injection) || node(d)["refused"].get<std::uint64_t>() > 0; }));
  constexpr std::uint32_t count = 4000;
  REQUIRE(peer.send(node_frames(0, count)));
  REQUIRE(d.received(count));
  const auto later = Clock::now() + std::chrono::milliseconds(200);
  REQUIRE(eventually([&] { return Clock::now() >= later; }));  // it is tried meanwhile
  std::uint64_t told = 0;
  while (told < count) {
    const auto f = next_frame(peer);
    if (f.size() < 26) break;
    if (service_of(f) == 0xf23) told = proto::load_le<std::uint64_t>(f.data() + 26);
  }
  CHECK(told == count);
}
