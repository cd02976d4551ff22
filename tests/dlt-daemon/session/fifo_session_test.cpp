#include "session/fifo_session.hpp"

#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "dlt-daemon/support/old_application.hpp"
#include "dlt-daemon/support/running_daemon.hpp"
#include "status_table.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;
using Numbers = std::vector<std::uint32_t>;

namespace {

Config with_fifo(const TempDir& dir) {
  Config config = config_in(dir);
  config.legacy_fifo = true;
  config.legacy_directory = dir.path().string();
  return config;
}

std::string dir_of(const TempDir& dir) { return dir.path().string(); }

Numbers up_to(std::uint32_t n) {
  Numbers out;
  for (std::uint32_t i = 0; i < n; ++i) out.push_back(i);
  return out;
}

nlohmann::json application(const RunningDaemon& d, const std::string& id) {
  const auto status = d.status();
  for (const auto& a : status["applications"])
    if (a["id"] == id) return a;
  return {};
}

bool connected(const RunningDaemon& d, const std::string& id, bool wanted = true) {
  return eventually([&] {
    const auto a = application(d, id);
    return !a.is_null() && a["connected"] == wanted;
  });
}

}  // namespace

TEST_CASE("what an old application logs arrives, and the status tells how it came") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up());
  for (std::uint32_t i = 0; i < 100; ++i) REQUIRE(app.send(log(frame(i, i))));

  CHECK(client.numbers(100) == up_to(100));
  const auto a = application(d, "APP1");
  CHECK(a["via"] == "fifo");
  CHECK(a["pid"] == 4711);
  CHECK(a["description"] == "an old application");
  CHECK(a["contexts"][0]["messages"] == 100);
  CHECK(d.status()["fifo"]["path"] == dir / "dlt");
  CHECK(d.status()["fifo"]["applications"] == 1);
  CHECK(d.status()["fifo"]["garbage_bytes"] == 0);
  const std::string table = status_table(d.status().dump());
  CHECK_THAT(table, Catch::Contains("1 applications by the FIFO " + (dir / "dlt")));
  CHECK_THAT(table, Catch::Contains("\nAPP1            fifo "));
}

TEST_CASE("an old application is told levels, whether a client is there, and injections") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up("APP1", {"CTX1", "CTX2"}));
  CHECK(app.told() == encoded(local::LogState{0}));
  CHECK(app.told() == encoded(local::LogLevel{4, 0, 0}));
  CHECK(app.told() == encoded(local::LogLevel{4, 0, 1}));

  FrameClient client = d.client();
  CHECK(app.told() == encoded(local::LogState{1}));
  client.peer().send(request(control::SetLogLevel{"APP1", "CTX2", 6}));
  CHECK(app.told() == encoded(local::LogLevel{6, 0, 1}));
  const std::string data = "hello";
  client.peer().send(request(control::Injection{0x1000, proto::as_bytes(data)}, "APP1", "CTX1"));
  CHECK(app.told() == encoded(local::Injection{0, 0x1000, proto::as_bytes(data)}));
  client.peer().close();
  CHECK(app.told() == encoded(local::LogState{0}));
}

TEST_CASE("a level that an old application has chosen stands and is not told") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up("APP1", {"CTX1"}, 2));
  REQUIRE(app.send(encoded(local::RegisterContext{"APP1", "CTX2", 1, -1, -1, 4711, "with the default"})));

  CHECK(app.told() == encoded(local::LogState{0}));
  CHECK(app.told() == encoded(local::LogLevel{4, 0, 1}));
  CHECK(application(d, "APP1")["contexts"][0]["level"] == 2);
}

TEST_CASE("limits for an application, overflows, modes and markers have their effect and cost nothing") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up());
  REQUIRE(app.send(encoded(local::ApplicationLimits{"APP1", 2, 1}) + encoded(local::LogMode{3}) +
                   encoded(local::Overflow{17, "APP1"}) + encoded(local::Marker{}) + log(frame(0)) +
                   encoded(local::Marker{}) + std::string(1, '\0') + log(frame(1))));

  CHECK(client.numbers(2) == up_to(2));
  CHECK(app.told(local::LogLevel{2, 1, 0}));
  CHECK(application(d, "APP1")["lost"]["overflow"] == 17);
  CHECK(d.status()["fifo"]["garbage_bytes"] == 0);
}

TEST_CASE("two processes with one id are both told, the later one's level counts, and each leaves for itself") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication first(dir_of(dir), 4711);
  REQUIRE(first.sign_up("APP1", {"CTX1"}, 2));
  OldApplication second(dir_of(dir), 4712);
  REQUIRE(second.sign_up("APP1", {"CTX1"}, 5));
  REQUIRE(second.told(local::LogState{1}));
  REQUIRE(eventually([&] { return application(d, "APP1")["contexts"][0]["level"] == 5; }));

  client.peer().send(request(control::SetLogLevel{"APP1", "CTX1", 3}));
  CHECK(first.told(local::LogLevel{3, 0, 0}));
  CHECK(second.told(local::LogLevel{3, 0, 0}));
  REQUIRE(second.send(encoded(local::UnregisterApplication{"APP1", 4712})));
  CHECK(eventually([&] { return d.status()["fifo"]["applications"] == 1; }));
  CHECK(connected(d, "APP1"));
  REQUIRE(first.send(encoded(local::UnregisterApplication{"APP1", 4711})));
  CHECK(connected(d, "APP1", false));
}

TEST_CASE("an old application that has died is forgotten, with its contexts") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up());
  REQUIRE(connected(d, "APP1"));

  app.die();

  CHECK(connected(d, "APP1", false));
  CHECK_FALSE(client.control(0xf01).empty());
  CHECK(d.status()["fifo"]["applications"] == 0);
}

TEST_CASE("a process that has died is forgotten although a child of it still has its pipe") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  OldApplication app(dir_of(dir), child);
  REQUIRE(app.sign_up());
  REQUIRE(connected(d, "APP1"));

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  CHECK(connected(d, "APP1", false));
}

TEST_CASE("a number that is given to another process makes it another application") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  OldApplication first(dir_of(dir), 4711);
  REQUIRE(first.sign_up("OLD", {"CTX1"}));
  REQUIRE(connected(d, "OLD"));
  OldApplication second(dir_of(dir), 4711);
  REQUIRE(second.sign_up("NEW", {"CTX1"}));

  CHECK(second.told(local::LogLevel{4, 0, 0}));
  CHECK(connected(d, "OLD", false));
  CHECK(connected(d, "NEW"));
}

TEST_CASE("an old application that does not read holds up nobody and knows its level in the end") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication deaf(dir_of(dir), 4711);
  REQUIRE(deaf.sign_up("DEAF", {"CTX1"}));
  OldApplication app(dir_of(dir), 4712);
  REQUIRE(app.sign_up("APP1", {"CTX1"}));
  REQUIRE(connected(d, "APP1"));
  const std::string data(30'000, 'x');
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    client.peer().send(request(control::Injection{0x1000, proto::as_bytes(data)}, "DEAF", "CTX1"));
    const std::string answer = client.control(0x1000);
    REQUIRE(answer.size() == 27);
    refused += answer[26] == 0 ? 0 : 1;
  }
  CHECK(d.status()["fifo"]["unsent"] == refused);
  client.peer().send(request(control::SetLogLevel{"DEAF", "CTX1", 1}));
  client.peer().send(request(control::SetLogLevel{"APP1", "CTX1", 1}));
  CHECK(app.told(local::LogLevel{1, 0, 0}));

  CHECK(deaf.told(local::LogLevel{1, 0, 0}));
  deaf.die();
  CHECK(connected(d, "DEAF", false));
  CHECK(d.status()["fifo"]["unsent"] > 0);
}

TEST_CASE("an old application without a pipe logs all the same") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), ::getpid());
  ::unlink((dir / "dltpipes/dlt" + std::to_string(::getpid())).c_str());
  REQUIRE(app.sign_up());
  REQUIRE(app.send(log(frame(0))));

  CHECK(client.number() == 0);
  CHECK(connected(d, "APP1"));
}

TEST_CASE("a frame with the library's ECU id gets the daemon's, another stays") {
  TempDir dir;
  Config config = with_fifo(dir);
  config.ecu = "CAR9";
  RunningDaemon d(config);
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), 4711);
  std::string chosen = frame(1);
  chosen.replace(4, 4, "MINE");
  REQUIRE(app.send(log(frame(0)) + log(chosen)));

  std::vector<std::string> ecus;
  while (ecus.size() < 2) {
    const auto f = client.frame();
    REQUIRE_FALSE(f.empty());
    if (f[0] == 0x3d) ecus.push_back(f.substr(4, 4));
  }
  CHECK(ecus == std::vector<std::string>{"CAR9", "MINE"});
}

TEST_CASE("a message that was torn costs the others nothing, and is counted") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), 4711);
  OldApplication clumsy(dir_of(dir), 4712);
  std::size_t torn = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {
    const std::string half = log(frame(0xdead, 6000)).substr(0, 1 + 29 * i);
    torn += half.size();
    REQUIRE(clumsy.send(half));
    REQUIRE(app.send(log(frame(i, i % 50))));
  }
  REQUIRE(app.send(encoded(local::Marker{})));

  CHECK(client.numbers(200) == up_to(200));
  CHECK(eventually([&] { return d.status()["fifo"]["garbage_bytes"] == torn; }));
}

TEST_CASE("who comes by the FIFO cannot log or register as an id that a user of the socket has") {
  TempDir dir;
  Config config = with_fifo(dir);
  config.reserved_ids = {{"SYS", 1}};
  RunningDaemon d(config);
  FrameClient client = d.client();
  Peer owner = d.app();
  REQUIRE(owner.send(registration("OWND")));
  REQUIRE(connected(d, "OWND"));
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up("OWND"));
  REQUIRE(app.sign_up("SYS"));
  REQUIRE(app.send(log(frame(7, 0, "OWND")) + log(frame(8, 0, "SYS")) + encoded(local::Overflow{9, "OWND"}) +
                   encoded(local::UnregisterApplication{"OWND", 4711}) + log(frame(1))));

  CHECK(client.number() == 1);
  const auto a = application(d, "OWND");
  CHECK(a["via"] == "socket");
  CHECK(a["connected"] == true);
  CHECK(a["lost"]["overflow"] == 0);
  CHECK(d.status()["refused"]["foreign_messages"] == 2);
  CHECK(d.status()["refused"]["foreign_id"] >= 5);
}

TEST_CASE("an id that the FIFO has is given to a user of the socket who registers it") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up("APP1"));
  REQUIRE(connected(d, "APP1"));
  Peer owner = d.app();
  REQUIRE(owner.send(registration("APP1")));
  REQUIRE(eventually([&] { return application(d, "APP1")["via"] == "socket"; }));

  REQUIRE(app.send(log(frame(7))));
  REQUIRE(eventually([&] { return d.status()["refused"]["foreign_messages"] == 1; }));
  REQUIRE(owner.send(log(frame(1))));
  CHECK(client.number() == 1);
}

TEST_CASE("the FIFO is not read while a client cannot follow, and nothing is lost") {
  TempDir dir;
  Config config = with_fifo(dir);
  config.client_queue = 1 << 20;  // what one read brings has room beyond the mark at which it holds back
  config.legacy_fifo_size = 64 * 1024;
  RunningDaemon d(config);
  FrameClient client = d.client(4096);
  REQUIRE(d.clients(1));
  OldApplication app(dir_of(dir), 4711);
  REQUIRE(app.sign_up());
  std::uint32_t sent = 0;
  // Full for a while: whoever could read it does not.
  const auto full = [&] {
    return !eventually([&] { return app.try_send(log(frame(sent, 1000))); }, std::chrono::milliseconds(200));
  };
  while (!full()) ++sent;

  CHECK(client.numbers(sent) == up_to(sent));
  REQUIRE(app.send(log(frame(sent, 1000))));
  CHECK(client.number() == sent);
  CHECK(d.status()["clients"][0]["dropped"]["messages"] == 0);
}

TEST_CASE("what is in the FIFO when the daemon ends is delivered, and the name is gone") {
  TempDir dir;
  RunningDaemon d(with_fifo(dir));
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  OldApplication app(dir_of(dir), 4711);
  for (std::uint32_t i = 0; i < 500; ++i) REQUIRE(app.send(log(frame(i, 100))));
  d.stop();

  CHECK(client.numbers(500) == up_to(500));
  CHECK(::access((dir / "dlt").c_str(), F_OK) != 0);
}

TEST_CASE("two daemons do not share a FIFO") {
  TempDir dir;
  TempDir other;
  RunningDaemon d(with_fifo(dir));
  Config second = config_in(other);
  second.legacy_fifo = true;
  second.legacy_directory = dir.path().string();

  CHECK_FALSE(Daemon::start(second));
  OldApplication app(dir_of(dir), 4711);
  FrameClient client = d.client();
  REQUIRE(app.send(log(frame(0))));
  CHECK(client.number() == 0);
}

TEST_CASE("an application of the incumbent's Unix-socket build is served without a Hello, at a socket for everybody") {
  TempDir dir;
  Config config = config_in(dir);
  config.legacy_socket = dir / "dlt";
  RunningDaemon d(config);
  struct stat info {};
  REQUIRE(::stat((dir / "dlt").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0666);

  Peer app = Peer::to_unix(dir / "dlt");
  REQUIRE(app.send(registration()));
  CHECK(app.receive(9) == encoded(local::LogState{0}));
  CHECK(app.receive(14) == encoded(local::LogLevel{4, 0, 0}));
  FrameClient client = d.client();
  CHECK(app.receive(9) == encoded(local::LogState{1}));
  client.peer().send(request(control::SetLogLevel{"APP1", "CTX1", 6}));
  CHECK(app.receive(14) == encoded(local::LogLevel{6, 0, 0}));
  const std::string data = "hello";
  client.peer().send(request(control::Injection{0x1000, proto::as_bytes(data)}, "APP1", "CTX1"));
  const auto injection = encoded(local::Injection{0, 0x1000, proto::as_bytes(data)});
  CHECK(app.receive(injection.size()) == injection);
  REQUIRE(app.send(encoded(local::Marker{}) + log(frame(0)) + encoded(local::LogMode{3}) + log(frame(1))));
  CHECK(client.numbers(2) == up_to(2));
}
