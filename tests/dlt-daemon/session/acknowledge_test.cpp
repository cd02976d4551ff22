// What the daemon acknowledges, and what it makes of a connection that goes on where another one broke off.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/batches.hpp"
#include "dlt-daemon/support/running_daemon.hpp"
#include "dlt-daemon/support/stand_still.hpp"
#include "dlt/proto/arena.hpp"
#include "support/recorder_file.hpp"

using namespace dlt;
using namespace dlt::test;
namespace local = dlt::proto::local;

namespace {

std::string hello(std::uint64_t instance, std::uint32_t capabilities = local::capability::all) {
  local::Hello h;
  h.capabilities = capabilities;
  h.instance = instance;
  return encoded(h);
}

// An application by hand, that counts what it has sent and remembers what was acknowledged.
struct App {
  explicit App(const RunningDaemon& d) : peer(d.app()) {}

  void send(const std::string& bytes) {
    REQUIRE(peer.send(bytes));
    sent += bytes.size();
  }
  // Reads until the position is acknowledged; false: the daemon said nothing like that before the deadline.
  bool acknowledged(std::uint64_t position) {
    while (highest < position) {
      const std::string more = peer.receive();
      if (more.empty()) return false;
      unread += more;
      std::size_t used = 0;
      while (const auto message = local::decode(proto::as_bytes(unread), used)) {
        if (const auto* ack = std::get_if<local::Ack>(&*message)) {
          falls |= ack->position <= highest;
          highest = ack->position;
        }
        unread.erase(0, used);
      }
    }
    return true;
  }

  Peer peer;
  std::string unread;
  std::uint64_t sent = 0;
  std::uint64_t highest = 0;
  bool falls = false;  // a position that was no higher than the one before
};

}  // namespace

TEST_CASE("everything is acknowledged that a client has, or that nobody wants") {
  const TempDir dir;
  RunningDaemon d(config_in(dir));
  App app(d);

  app.send(hello(1) + registration() + batch_of(1, 1, 0, frames(0, 100)));
  CHECK(app.acknowledged(app.sent));
  FrameClient client = d.client();
  REQUIRE(client.numbers(100) == range(0, 100));
  app.send(batch_of(1, 2, 0, frames(100, 100)));
  CHECK(app.acknowledged(app.sent));
  CHECK(client.numbers(100) == range(100, 100));
  CHECK_FALSE(app.falls);
}

TEST_CASE("what storage has not written yet is not acknowledged, and is soon") {
  const TempDir dir;
  daemon::Config config = config_in(dir);
  config.storage_directory = dir / "files";
  std::filesystem::create_directory(config.storage_directory);
  config.storage_flush = std::chrono::milliseconds(50);
  RunningDaemon d(config);
  App app(d);

  app.send(hello(1) + registration() + batch_of(1, 1, 0, frames(0, 100)));
  REQUIRE(app.acknowledged(app.sent));

  CHECK(d.status()["storage"]["written"]["messages"] == 100);
}

TEST_CASE("an application that cannot use acknowledgements gets none") {
  const TempDir dir;
  RunningDaemon d(config_in(dir));
  App app(d);
  app.send(hello(1, local::capability::all & ~local::capability::ack) + registration() +
           batch_of(1, 1, 0, frames(0, 10)));
  REQUIRE(d.received(10));
  app.peer.end_sending();

  std::string all;
  for (std::string more = app.peer.receive(); !more.empty(); more = app.peer.receive()) all += more;

  CHECK(all.find(encoded(local::Ack{}).substr(0, local::header_size)) == std::string::npos);
}

TEST_CASE("a connection that goes on where another one broke off brings nothing twice") {
  const TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  const bool still_open = GENERATE(false, true);
  const std::string all = frames(0, 30);
  const auto offset = static_cast<std::uint32_t>(all.size() / 3);
  App first(d);
  first.send(hello(7) + registration() + batch_of(1, 1, 0, frames(0, 10)) + batch_of(1, 1, offset, frames(10, 10)) +
             batch_of(2, 5, 0, frames(100, 5)));
  REQUIRE(d.received(25));
  if (!still_open) first.peer.close();
  if (!still_open) REQUIRE(eventually([&] { return !d.status()["applications"][0]["connected"].get<bool>(); }));

  App second(d);
  second.send(hello(7) + registration());
  REQUIRE(second.acknowledged(second.sent));  // batches follow the daemon's hello
  second.send(batch_of(1, 1, offset, frames(10, 20)) + batch_of(1, 2, 0, frames(30, 5)));
  second.send(batch_of(2, 4, 0, frames(90, 5)) + batch_of(2, 5, 0, frames(100, 6)));
  REQUIRE(second.acknowledged(second.sent));

  CHECK(client.numbers(41) == [] {
    auto wanted = range(0, 20);
    for (const auto n : range(100, 5)) wanted.push_back(n);
    for (const auto n : range(20, 15)) wanted.push_back(n);
    wanted.push_back(105);
    return wanted;
  }());
  CHECK(d.status()["totals"]["repeated_messages"] == 20);
}

namespace {

// Two connections of one process, and a client.
struct Connections {
  Connections() {
    REQUIRE(d.clients(1));
    REQUIRE(eventually([&] { return d.status()["users"][0]["connections"] == 2; }));
  }
  const TempDir dir;
  RunningDaemon d{config_in(dir)};
  FrameClient client{d.client()};
  App first{d};
  App second{d};
};

}  // namespace

TEST_CASE("what a process sent by an earlier connection comes first, although it is read later") {
  Connections c;
  {
    const StandStill still(c.d);
    c.second.send(hello(7));
    c.first.send(hello(7) + registration() + batch_of(1, 1, 0, frames(0, 10)) + encoded(local::Bye{}));
  }
  REQUIRE(c.second.acknowledged(c.second.sent));  // batches follow the daemon's hello
  c.second.send(registration() + batch_of(1, 2, 0, frames(10, 10)));

  CHECK(c.client.numbers(20) == range(0, 20));
}

// A read ends where a descriptor came with the bytes, whatever there is behind.
TEST_CASE("what an earlier connection brought behind the memory it handed over is read, too") {
  Connections c;
  const RecorderFile file;
  const daemon::Fd memory(file.descriptor());
  c.first.send(hello(7) + registration());
  REQUIRE(c.first.acknowledged(c.first.sent));
  {
    const StandStill still(c.d);
    c.second.send(hello(7));
    const local::Memfd announced{proto::arena::version, 4096, file.size()};
    REQUIRE(c.first.peer.send_with(encoded(announced), memory.get()));
    c.first.send(batch_of(1, 1, 0, frames(0, 10)) + encoded(local::Bye{}));
    c.first.peer.close();
  }
  REQUIRE(c.second.acknowledged(c.second.sent));
  c.second.send(registration() + batch_of(1, 2, 0, frames(10, 10)));

  CHECK(c.client.numbers(20) == range(0, 20));
}

TEST_CASE("an earlier connection of a process that speaks later does not end the present one") {
  Connections c;
  c.second.send(hello(7) + registration() + batch_of(1, 2, 0, frames(10, 10)));
  REQUIRE(c.d.received(10));
  c.first.send(hello(7) + registration() + batch_of(1, 1, 0, frames(0, 10)) + encoded(local::Bye{}));
  REQUIRE(c.d.received(20));
  c.second.send(batch_of(1, 3, 0, frames(20, 10)));

  REQUIRE(c.d.received(30));
  CHECK(c.client.numbers(30) == [] {
    auto all = range(10, 10);
    for (const std::uint32_t from : {0U, 20U})
      for (const auto n : range(from, 10)) all.push_back(n);
    return all;
  }());
}

TEST_CASE("whoever does not know the instance takes nobody's place") {
  const TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  const std::uint64_t instance = GENERATE(0U, 7U);
  {
    App first(d);
    first.send(hello(instance) + registration() + batch_of(1, 9, 0, frames(0, 10)));
    REQUIRE(d.received(10));
  }
  App other(d);
  other.send(hello(instance == 0 ? 0 : 8) + registration() + batch_of(1, 1, 0, frames(50, 10)));

  CHECK(d.received(20));
  CHECK(client.numbers(20).back() == 59);
}

TEST_CASE("a client that takes nothing holds up acknowledgements for its stall limit only") {
  const TempDir dir;
  daemon::Config config = config_in(dir);
  config.client_stall = std::chrono::milliseconds(50);
  config.client_queue = 64 << 20;                 // never full: it is not a time of dropping that lets them go
  config.client_timeout = std::chrono::hours(1);  // the machine may be slow
  RunningDaemon d(config);
  FrameClient stopped = d.client(4096);
  REQUIRE(d.clients(1));
  App app(d);
  app.send(hello(1) + registration());
  std::uint32_t chunk = 0;
  for (int i = 0; i < 400; ++i) app.send(batch_of(1, ++chunk, 0, frames(0, 1000)));

  CHECK(app.acknowledged(app.sent));
  CHECK(d.status()["clients"][0]["queued_bytes"] > 0);
}
