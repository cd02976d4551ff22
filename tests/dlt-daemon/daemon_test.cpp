#include "daemon.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

#include "dlt-daemon/support/running_daemon.hpp"
#include "session/listen.hpp"

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

// Sends `count` numbered messages in batches; for a thread of its own.
void flood(Peer& app, std::uint32_t count) {
  constexpr std::uint32_t per_batch = 800;
  for (std::uint32_t i = 0; i < count; i += per_batch)
    if (!app.send(numbered_batch(i, std::min(per_batch, count - i)))) return;
}

// How many of the next `count` messages do not come in order, each once.
std::uint32_t out_of_order(Client& client, std::uint32_t count) {
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < count; ++i)
    if (client.number() != i) ++wrong;
  return wrong;
}

}  // namespace

TEST_CASE("messages go from an application to every client, in order, once") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Client first = d.client();
  Client second = d.client();
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
  Client client = d.client();
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
    Client client = d.client();
    CHECK(client.numbers(100) == range(0, 100));
  }
  REQUIRE(d.clients(0));
  Client again = d.client();
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
  Client client = d.client();
  REQUIRE(app.send(numbered_batch(50'000, 100)));
  CHECK(out_of_order(client, 50'100) == 0);
}

TEST_CASE("a client that never reads costs the others nothing") {
  TempDir dir;
  auto config = config_in(dir);
  config.client_stall = std::chrono::seconds(2);  // once for the stopped client; the good one may be slow, not dead
  config.client_timeout = std::chrono::seconds(3600);
  RunningDaemon d(config);
  Client stopped = d.client(4096);
  Client good = d.client();
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

TEST_CASE("a client that takes nothing is disconnected after the limit") {
  TempDir dir;
  auto config = config_in(dir);
  config.client_stall = std::chrono::milliseconds(1);
  config.client_timeout = std::chrono::seconds(1);
  RunningDaemon d(config);
  Client stopped = d.client(4096);
  REQUIRE(d.clients(1));
  Peer app = d.app();
  flood(app, 200'000);
  CHECK(d.clients(0));
}

TEST_CASE("rubbish from one application does not touch another's messages") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Client client = d.client();
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
  Client client = d.client();
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
  Client good = d.client();
  Client scanner = d.client();
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
    Client client = d.client();
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
  Client client = d.client();
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
  Client client = d.client();
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

TEST_CASE("a descriptor that is no sealed memory is refused and closed, and so is the connection") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer app = d.app();
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  std::string bytes = encoded(local::Memfd{1, 4096, 4096});
  iovec range{bytes.data(), bytes.size()};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &range;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = writing.get();
  std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  REQUIRE(::sendmsg(app.fd(), &message, 0) == static_cast<ssize_t>(bytes.size()));
  writing.reset();

  char nothing = 0;
  CHECK(::read(reading.get(), &nothing, 1) == 0);  // no writing end is left, in this process or the daemon
  CHECK(app.is_closed());
  CHECK(d.status()["refused"]["memory"] == 1);
}

TEST_CASE("applications may come by TCP") {
  TempDir dir;
  auto config = config_in(dir);
  config.app_port = 0;
  RunningDaemon d(config);
  Client client = d.client();
  Peer app = Peer::to_tcp(d.daemon().app_port());
  REQUIRE(app.send(registration() + numbered_batch(0, 1000)));
  CHECK(client.numbers(1000) == range(0, 1000));
}

TEST_CASE("connections beyond the maximum are refused, those that exist stay") {
  TempDir dir;
  auto config = config_in(dir);
  config.max_clients = 1;
  config.max_applications = 1;
  RunningDaemon d(config);
  Client client = d.client();
  Peer app = d.app();
  REQUIRE(d.clients(1));
  CHECK(d.client().peer().is_closed());
  CHECK(d.app().is_closed());
  REQUIRE(app.send(log(frame(0))));
  CHECK(client.number() == 0);
}

TEST_CASE("an orderly end delivers and stores what applications have sent, within its limit") {
  TempDir dir;
  auto config = config_in(dir);
  config.storage_directory = dir / "stored";
  config.storage_compression = false;
  RunningDaemon d(config);
  Client client = d.client();
  REQUIRE(d.clients(1));
  Peer app = d.app();
  REQUIRE(app.send(numbered_batch(0, 2000)));

  d.daemon().stop();

  CHECK(client.numbers(2000) == range(0, 2000));
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
  Client stopped = d.client(4096);
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
  Client client = d.client();
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
