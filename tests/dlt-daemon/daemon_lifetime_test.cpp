// How the daemon starts, reads its configuration again, is asked how it does, and ends.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/running_daemon.hpp"
#include "session/listen.hpp"
#include "status_table.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace local = dlt::proto::local;

TEST_CASE("an orderly end delivers and stores what applications have sent, within its limit") {
  TempDir dir;
  auto config = config_in(dir);
  config.storage_directory = dir / "stored";
  config.storage_compression = false;
  RunningDaemon d(config);
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  Peer app = d.app();
  REQUIRE(app.send(numbered_batch(0, 2000)));

  d.daemon().stop();

  CHECK(out_of_order(client, 2000) == 0);
  CHECK(client.frame().empty());
  d.stop();
  std::uint64_t stored = 0;
  for (const auto& e : std::filesystem::directory_iterator(dir.path() / "stored")) stored += e.file_size();
  CHECK(stored == 2000 * (70 + 16));
}

TEST_CASE("a client that takes nothing does not keep the daemon from ending") {
  TempDir dir;
  auto config = config_in(dir);
  config.client_stall = std::chrono::milliseconds(1);
  RunningDaemon d(config);
  FrameClient stopped = d.client(4096);
  REQUIRE(d.clients(1));
  Peer app = d.app();
  flood(app, 200'000);
  d.stop();  // the test's own limit would end it
  SUCCEED();
}

TEST_CASE("a second daemon refuses before it touches anything, a stale socket is replaced") {
  TempDir dir;
  const auto config = config_in(dir);
  REQUIRE(listen_unix(config.app_socket, 0600, ""));  // left behind
  {
    RunningDaemon first(config);
    CHECK(Daemon::start(config).error() == std::errc::device_or_resource_busy);
    Peer app = first.app();
    REQUIRE(app.send(log(frame(0))));
    CHECK(first.received(1));
  }
  RunningDaemon next(config);
  Peer app = next.app();
  REQUIRE(app.send(log(frame(0))));
  CHECK(next.received(1));
}

TEST_CASE("a file where the socket should be stays what it is") {
  TempDir dir;
  const auto config = config_in(dir);
  write_file(config.app_socket, "precious");
  CHECK_FALSE(Daemon::start(config));
  CHECK(read_file(config.app_socket) == "precious");
}

TEST_CASE("a socket path that does not fit an address is refused") {
  for (std::size_t length : {100U, 107U, 108U, 255U, 4000U}) {
    TempDir dir;
    auto config = config_in(dir);
    config.app_socket = dir / std::string(length - dir.path().string().size() - 1, 's');
    const auto started = Daemon::start(config);
    INFO(length);
    CHECK(started.has_value() == (length + 4 <= 107));
  }
}

TEST_CASE("a configuration read again takes effect where it can") {
  TempDir dir;
  auto config = config_in(dir);
  RunningDaemon d(config);
  Peer app = d.app();
  REQUIRE(app.send(registration()));
  CHECK(app.receive(9 + 14).size() == 23);

  config.context_level = 2;
  d.daemon().reload(config);

  CHECK(app.receive(14) == encoded(local::LogLevel{2, 0, 0}));
}

TEST_CASE("unknown questions on the control socket are answered, endless ones are not read") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer asking = Peer::to_unix(d.daemon().config().status_socket);
  REQUIRE(asking.send("what?\n"));
  CHECK(asking.receive().find("unknown question") != std::string::npos);
  CHECK(asking.is_closed());
  Peer endless = Peer::to_unix(d.daemon().config().status_socket);
  REQUIRE(endless.send(std::string(1000, 'x')));
  CHECK(endless.is_closed());
  CHECK(status_table(daemon::ask_status(d.daemon().config().status_socket).has_value() ? d.status().dump() : "")
            .find("dlt-daemon") == 0);
}

TEST_CASE("a backlog that is to keep everything from now on gets what a client has not been sent, too") {
  TempDir dir;
  auto config = config_in(dir);
  config.ring_size = 64 << 20;
  config.client_queue = 64 << 20;
  config.ring_replay = Replay::unread;
  RunningDaemon d(config);
  constexpr std::uint32_t count = 100'000;
  std::uint32_t first = 0;
  {
    FrameClient stopped = d.client(4096);
    REQUIRE(d.clients(1));
    Peer app = d.app();
    flood(app, count);
    REQUIRE(d.received(count));
    config.ring_replay = Replay::always;
    config.context_level = 2;
    REQUIRE(app.send(registration()));
    d.daemon().reload(config);
    std::string told;
    REQUIRE(eventually([&] {
      told += app.receive();
      return told.ends_with(encoded(local::LogLevel{2, 0, 0}));
    }));
  }
  REQUIRE(d.clients(0));

  FrameClient next = d.client();
  first = next.number();
  REQUIRE(first < count);
  std::uint32_t wrong = 0;
  for (std::uint32_t i = first + 1; i < count; ++i)
    if (next.number() != i) ++wrong;
  CHECK(wrong == 0);
}
