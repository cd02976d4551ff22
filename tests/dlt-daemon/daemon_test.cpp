#include "daemon.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/running_daemon.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;
using Numbers = std::vector<std::uint32_t>;

namespace {

Numbers range(std::uint32_t first, std::uint32_t end) {
  Numbers out;
  for (; first < end; ++first) out.push_back(first);
  return out;
}

}  // namespace

TEST_CASE("messages go from an application to every client, in order, once") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient first = d.client();
  FrameClient second = d.client();
  REQUIRE(d.clients(2));
  Peer app = d.app();

  REQUIRE(app.send(registration() + log(frame(0)) + batch(frame(1) + frame(2)) + log(frame(3))));

  CHECK(first.numbers(4) == range(0, 4));
  CHECK(second.numbers(4) == range(0, 4));
  const auto status = d.status();
  CHECK(status["totals"]["received_messages"] == 4);
  CHECK(status["applications"][0]["id"] == "APP1");
  CHECK(status["applications"][0]["pid"] == ::getpid());
  CHECK(status["applications"][0]["contexts"][0]["messages"] == 4);
  CHECK(status["clients"][0]["sent"]["messages"] == 4);
}

TEST_CASE("a stream that comes byte by byte arrives whole") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  Peer app = d.app();
  for (const char c : log(frame(0, 10)) + batch(frame(1) + frame(2, 5)) + log(frame(3)))
    REQUIRE(app.send(std::string(1, c)));
  CHECK(client.numbers(4) == range(0, 4));
}

TEST_CASE("the first client gets the backlog, one that reconnects gets nothing twice") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer app = d.app();
  REQUIRE(app.send(numbered_batch(0, 100)));
  REQUIRE(d.received(100));
  {
    FrameClient client = d.client();
    CHECK(client.numbers(100) == range(0, 100));
  }
  REQUIRE(d.clients(0));
  FrameClient again = d.client();
  REQUIRE(d.clients(1));
  REQUIRE(app.send(log(frame(100))));
  CHECK(again.number() == 100);
}

TEST_CASE("a backlog larger than an outbox is replayed whole, and live messages follow it") {
  TempDir dir;
  auto config = config_in(dir);
  config.client_queue = 64 * 1024;
  RunningDaemon d(config);
  Peer app = d.app();
  REQUIRE(app.send(numbered_batch(0, 50'000)));
  REQUIRE(d.received(50'000));
  FrameClient client = d.client();
  REQUIRE(app.send(numbered_batch(50'000, 100)));
  CHECK(out_of_order(client, 50'100) == 0);
}

TEST_CASE("a client that never reads costs the others nothing") {
  TempDir dir;
  auto config = config_in(dir);
  config.client_stall = std::chrono::seconds(2);  // once for the stopped client; the good one may be slow, not dead
  config.client_timeout = std::chrono::seconds(3600);
  RunningDaemon d(config);
  FrameClient stopped = d.client(4096);
  FrameClient good = d.client();
  REQUIRE(d.clients(2));
  Peer app = d.app();
  constexpr std::uint32_t count = 1'000'000;

  std::thread sender([&] { flood(app, count); });
  const auto wrong = out_of_order(good, count);
  sender.join();

  CHECK(wrong == 0);
  const auto status = d.status();
  CHECK(status["totals"]["received_messages"] == count);
  // The stopped one: whatever it has not got is counted, and it is told when it reads again.
  const auto& lost = status["clients"][0]["dropped"]["messages"];
  CHECK(lost.get<std::uint64_t>() > 0);
  CHECK(status["clients"][1]["dropped"]["messages"] == 0);
  const auto notice = stopped.control(0x14);
  REQUIRE(notice.size() >= 4);
  CHECK(proto::load_le<std::uint32_t>(notice.data() + notice.size() - 4) == lost.get<std::uint32_t>());
}

TEST_CASE("rubbish from one application does not touch another's messages") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  Peer bad = d.app();
  Peer good = d.app();
  std::string rubbish(300'000, '\0');
  for (std::size_t i = 0; i < rubbish.size(); ++i) rubbish[i] = static_cast<char>((i * 2654435761U) >> 13);
  std::thread noise([&] {
    bad.send(rubbish);
    bad.send(std::string("DUH\x01\x02\0\0\0APP1\1\0\0\0\xff\xff\xff\xff", 20));                // a description of 4 GiB
    bad.send(std::string("DUH\x01\x01\x01\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", 24));  // a batch of 4 GiB
    bad.send(rubbish);
    bad.close();
  });
  for (std::uint32_t i = 0; i < 200; ++i) REQUIRE(good.send(numbered_batch(i * 50, 50)));
  noise.join();
  CHECK(client.numbers(10'000) == range(0, 10'000));
  CHECK(eventually([&] { return d.status()["totals"]["garbage_bytes"] > 500'000; }));
}

TEST_CASE("an application that dies inside a frame leaves nothing behind") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  {
    Peer dying = d.app();
    REQUIRE(dying.send(log(frame(0)) + log(frame(666)).substr(0, 20)));
  }
  REQUIRE(d.received(1));
  Peer app = d.app();
  REQUIRE(app.send(log(frame(1))));
  CHECK(client.numbers(2) == range(0, 2));
}

TEST_CASE("a client that speaks something else is disconnected, the others go on") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient good = d.client();
  FrameClient scanner = d.client();
  REQUIRE(d.clients(2));
  for (int i = 0; i < 100; ++i)
    if (!scanner.peer().send(std::string(16'384, '\xfe'))) break;
  CHECK(d.clients(1));
  Peer app = d.app();
  REQUIRE(app.send(log(frame(0))));
  CHECK(good.number() == 0);
}

TEST_CASE("a level that a client sets reaches the application, which also hears of clients coming and going") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer app = d.app();
  REQUIRE(app.send(registration()));
  CHECK(app.receive(9 + 14) == encoded(local::LogState{0}) + encoded(local::LogLevel{4, 0, 0}));
  {
    FrameClient client = d.client();
    CHECK(app.receive(9) == encoded(local::LogState{1}));
    REQUIRE(client.peer().send(request(control::SetLogLevel{"APP1", "CTX1", 6})));
    CHECK(app.receive(14) == encoded(local::LogLevel{6, 0, 0}));
    CHECK(client.control(1).size() == 27);
    REQUIRE(client.peer().send(request(control::Injection{0x1000, proto::as_bytes("now")}, "APP1", "CTX1")));
    CHECK(app.receive(23) == encoded(local::Injection{0, 0x1000, proto::as_bytes("now")}));
  }
  CHECK(app.receive(9) == encoded(local::LogState{0}));
}

TEST_CASE("an application that does not read gets the right levels when it does") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer app = d.app();
  REQUIRE(app.send(registration()));
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  constexpr int changes = 60'000;
  std::thread asking([&] {
    for (int i = 0; i < changes; ++i)
      if (!client.peer().send(request(control::SetLogLevel{"APP1", "CTX1", static_cast<std::int8_t>(i % 5)}))) return;
    client.peer().send(request(control::SetLogLevel{"APP1", "CTX1", 6}));
  });
  int answers = 0;
  while (answers <= changes && !client.control(1).empty()) ++answers;
  asking.join();
  CHECK(answers == changes + 1);

  const auto last = encoded(local::LogLevel{6, 0, 0});
  std::string received;
  CHECK(eventually([&] {
    received += app.receive();
    return received.ends_with(last);
  }));
}

TEST_CASE("losses that an application reports are shown in the status and told to clients") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  Peer app = d.app();
  std::vector<std::byte> entries(local::Loss::entry_size);
  proto::ByteWriter out(entries);
  local::Loss::put(out, {0, local::LossCause::timed_out, 12});
  REQUIRE(d.clients(1));
  REQUIRE(app.send(registration() + encoded(local::Loss{"APP1", entries})));

  const auto notice = client.control(0x14);

  REQUIRE(notice.size() == 32);
  CHECK(notice.substr(14, 4) == "APP1");
  CHECK(proto::load_le<std::uint32_t>(notice.data() + 28) == 12);
  CHECK(d.status()["applications"][0]["lost"]["timed_out"] == 12);
}

TEST_CASE("applications may come by TCP") {
  TempDir dir;
  auto config = config_in(dir);
  config.app_port = 0;
  RunningDaemon d(config);
  FrameClient client = d.client();
  Peer app = Peer::to_tcp(d.daemon().app_port());
  REQUIRE(app.send(registration() + numbered_batch(0, 1000)));
  CHECK(client.numbers(1000) == range(0, 1000));
}
