// What the daemon refuses, holds back or ends, so that others are served.
#include <catch2/catch.hpp>

#include <fcntl.h>

#include "dlt-daemon/support/running_daemon.hpp"

using namespace dlt;
using namespace dlt::test;
using dlt::daemon::Fd;
namespace local = dlt::proto::local;

TEST_CASE("a client that takes nothing is disconnected after the limit") {
  TempDir dir;
  auto config = config_in(dir);
  config.client_stall = std::chrono::milliseconds(1);
  config.client_timeout = std::chrono::seconds(1);
  RunningDaemon d(config);
  FrameClient stopped = d.client(4096);
  REQUIRE(d.clients(1));
  Peer app = d.app();
  flood(app, 200'000);
  CHECK(d.clients(0));
}

TEST_CASE("a descriptor that is no sealed memory is refused and closed, and so is the connection") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer app = d.app();
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  REQUIRE(app.send_with(encoded(local::Memfd{1, 4096, 4096}), writing.get()));
  writing.reset();

  char nothing = 0;
  CHECK(::read(reading.get(), &nothing, 1) == 0);  // no writing end is left, in this process or the daemon
  CHECK(app.is_closed());
  CHECK(d.status()["refused"]["memory"] == 1);
}

TEST_CASE("connections beyond the maximum are refused, those that exist stay") {
  TempDir dir;
  auto config = config_in(dir);
  config.max_clients = 1;
  config.max_applications = 1;
  RunningDaemon d(config);
  FrameClient client = d.client();
  Peer app = d.app();
  REQUIRE(d.clients(1));
  CHECK(d.client().peer().is_closed());
  CHECK(d.app().is_closed());
  REQUIRE(app.send(log(frame(0))));
  CHECK(client.number() == 0);
}

TEST_CASE("one user cannot take every connection, and what was refused is counted") {
  TempDir dir;
  auto config = config_in(dir);
  config.max_applications_per_user = 2;
  RunningDaemon d(config);
  Peer first = d.app();
  Peer second = d.app();
  CHECK(d.app().is_closed());
  REQUIRE(first.send(log(frame(0))));
  REQUIRE(d.received(1));
  CHECK(d.status()["refused"]["connections_per_user"] == 1);
  CHECK(d.status()["users"][0]["uid"] == ::geteuid());
  CHECK(d.status()["users"][0]["connections"] == 2);
  second.close();
  CHECK(eventually([&] { return d.status()["users"][0]["connections"] == 1; }));
  Peer third = d.app();
  REQUIRE(third.send(log(frame(1))));
  CHECK(d.received(2));
}

TEST_CASE("of connections that say nothing the oldest makes room, those that speak stay") {
  TempDir dir;
  auto config = config_in(dir);
  config.max_handshakes = 2;
  RunningDaemon d(config);
  Peer speaking = d.app();
  REQUIRE(speaking.send(log(frame(0))));
  REQUIRE(d.received(1));
  Peer first = d.app();
  Peer second = d.app();
  Peer third = d.app();
  CHECK(first.is_closed());
  REQUIRE(second.send(log(frame(1))));
  REQUIRE(third.send(log(frame(2))));
  REQUIRE(speaking.send(log(frame(3))));
  CHECK(d.received(4));
  CHECK(d.status()["refused"]["handshakes"] == 1);
}

TEST_CASE("a connection that says nothing is ended after the limit") {
  TempDir dir;
  auto config = config_in(dir);
  config.handshake_timeout = std::chrono::seconds(1);
  RunningDaemon d(config);
  Peer silent = d.app();
  Peer scanning = d.app();
  REQUIRE(scanning.send("GET / HTTP/1.0\r\n\r\n"));
  Peer good = d.app();
  REQUIRE(good.send(registration()));
  CHECK(silent.is_closed());
  CHECK(scanning.is_closed());
  REQUIRE(good.send(log(frame(0))));
  CHECK(d.received(1));
  CHECK(d.status()["refused"]["handshakes"] == 2);
}

TEST_CASE("an application that sends faster than allowed waits and loses nothing, another does not wait") {
  TempDir dir;
  auto config = config_in(dir);
  config.application_rate = 4 << 20;
  config.application_burst = 64 * 1024;
  RunningDaemon d(config);
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  Peer fast = d.app();
  Peer quiet = d.app();
  constexpr std::uint32_t count = 20'000;  // 1.4 MB

  const auto begin = std::chrono::steady_clock::now();
  std::thread sender([&] { flood(fast, count); });
  REQUIRE(quiet.send(log(frame(7, 0, "QUIE"))));
  std::uint32_t next = 0;
  std::uint32_t wrong = 0;
  std::uint32_t before_quiet = count;
  for (std::uint32_t i = 0; i <= count; ++i) {
    const auto f = client.frame();
    if (f.empty()) break;
    if (f.find("QUIE") != std::string::npos) before_quiet = next;
    else if (f[0] == 0x3d && number_of(proto::as_bytes(f)) == next) ++next;
    else if (f[0] == 0x3d) ++wrong;
    else --i;
  }
  sender.join();

  CHECK(next == count);
  CHECK(wrong == 0);
  CHECK(before_quiet < count);
  CHECK(std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(250));  // never faster than the rate
}

TEST_CASE("an application connection that sends nothing but rubbish is ended") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer bad = d.app();
  for (int i = 0; i < 64; ++i)
    if (!bad.send(std::string(64 * 1024, '\xfe'))) break;
  CHECK(bad.is_closed());
  CHECK(d.status()["refused"]["rubbish"] == 1);
}
