// `dlt-daemon control` as a process, with our daemon and the incumbent's, beside dlt-control.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "dlt-daemon/tools/program.hpp"
#include "support/daemon.hpp"

using namespace dlt;
using namespace dlt::test;
using nlohmann::json;

namespace {

// Waits long: a slow machine is no failure.
Ran control(const std::string& port, std::vector<std::string> options) {
  options.insert(options.begin(), {"control", "-t", "60000", "-p", port});
  return tool(options);
}

std::string level_of(const std::string& port, const std::string& app, const std::string& context) {
  for (const auto& a : json::parse(control(port, {"-j", "--format", "json"}).out))
    for (const auto& c : a.at("contexts"))
      if (a.at("app") == app && c.at("context") == context) return c.at("level");
  return "none";
}

struct Ours {
  Daemon daemon{program()};
  std::unique_ptr<Peer> app;

  Ours() {
    daemon.start();
    app = std::make_unique<Peer>(Peer::to_unix(daemon.dir() / "app.sock"));
    REQUIRE(app->send(registration("NAVI", {"ROUT", "MAPS"})));
    REQUIRE(eventually([&] { return level_of(daemon.port_text(), "NAVI", "MAPS") != "none"; }));
  }
  [[nodiscard]] Ran ask(const std::vector<std::string>& options) const { return control(daemon.port_text(), options); }
  [[nodiscard]] std::string level(const std::string& context) const {
    return level_of(daemon.port_text(), "NAVI", context);
  }
};

}  // namespace

TEST_CASE("control lists contexts as a table and as JSON") {
  const Ours s;
  const Ran table = s.ask({"-j"});
  CHECK(table.code == 0);
  CHECK_THAT(table.out, Catch::Contains("NAVI                             an application") &&
                            Catch::Contains("ROUT     default  default  a context"));
  const json list = json::parse(s.ask({"-j", "-a", "NAVI", "-c", "ROUT", "--format", "json"}).out);
  CHECK(list.size() == 1);
  CHECK(list[0]["contexts"].size() == 1);
  const Ran none = s.ask({"-j", "-a", "NONE"});
  CHECK(none.code == 1);
  CHECK_THAT(none.err, Catch::Contains("no context matches"));
}

TEST_CASE("control sets the level of one context, of many and of all, as dlt-control shows it") {
  const Ours s;
  CHECK(s.ask({"-l", "5", "-a", "NAVI", "-c", "ROUT"}).out == "log level of NAVI:ROUT set to debug\n");
  CHECK(s.level("ROUT") == "debug");
  CHECK(s.level("MAPS") == "default");
  CHECK(s.ask({"-l", "fatal", "-a", "NA*"}).out == "log level of NA*:* set to fatal (2 contexts)\n");
  CHECK(s.level("MAPS") == "fatal");
  CHECK(s.ask({"-l", "2", "-c", "MAPS"}).code == 0);
  CHECK(s.level("MAPS") == "error");
  CHECK(s.ask({"-l", "-1"}).code == 0);
  CHECK(s.level("MAPS") == "default");
  CHECK(s.ask({"-l", "6"}).code == 0);
  const Ran theirs = run_apart({"dlt-control", "-j", "-p", s.daemon.port_text(), "127.0.0.1"});
  CHECK_THAT(theirs.out, Catch::Contains("CTID:MAPS  6"));
}

TEST_CASE("control sets trace status, defaults and timing, injects, and reads what the daemon tells") {
  const Ours s;
  CHECK(s.ask({"-r", "on", "-a", "NAVI", "-c", "ROUT"}).code == 0);
  CHECK_THAT(s.ask({"-j"}).out, Catch::Contains("ROUT     default  on "));
  CHECK(s.ask({"-d", "verbose"}).out == "default log level set to verbose\n");
  CHECK(s.ask({"--get-default-level"}).out == "verbose\n");
  CHECK(s.ask({"-g"}).code == 0);
  CHECK(s.ask({"--get-default-level"}).out == "info\n");
  CHECK(s.ask({"-f", "1"}).code == 0);
  CHECK(s.ask({"-i", "0"}).code == 0);
  CHECK(s.ask({"-a", "NAVI", "-c", "ROUT", "-s", "4096", "-m", "hello"}).out == "injected into NAVI:ROUT\n");
  CHECK(s.ask({"-a", "NAVI", "-c", "ROUT", "-s", "4096", "-x", "ad01"}).code == 0);
  CHECK_THAT(s.ask({"-k"}).out, Catch::Contains("dlt-daemon"));
  CHECK_THAT(s.ask({"--local-time"}).out, Catch::Contains(" s since"));
  CHECK_THAT(s.ask({"--lost"}).out, Catch::Contains("0 messages lost"));
  CHECK(json::parse(s.ask({"-k", "--format", "json"}).out)["ok"] == true);
}

TEST_CASE("control fails where the daemon refuses, and says what it said") {
  const Ours s;
  const Ran store = s.ask({"-o"});
  CHECK(store.code == 1);
  CHECK_THAT(store.err, Catch::Contains("does not support"));
  CHECK(s.ask({"-l", "4", "-a", "NAVI", "-c", "NONE"}).code == 1);
  CHECK(s.ask({"-r", "1", "-a", "NAVI", "-c", "NONE"}).code == 1);
  CHECK(s.ask({"-a", "NAVI", "-c", "NONE", "-s", "4096", "-m", "x"}).code == 1);
  const Ran many = s.ask({"-l", "4", "-a", "NO*"});
  CHECK(many.code == 1);
  CHECK_THAT(many.err, Catch::Contains("no context matches"));
  const json refused = json::parse(s.ask({"-o", "--format", "json"}).out);
  CHECK(refused["ok"] == false);
  CHECK(refused.contains("problem"));
}

TEST_CASE("control fails in time where nobody answers, and at once where nobody listens") {
  const daemon::Fd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  REQUIRE(::bind(silent.get(), reinterpret_cast<sockaddr*>(&where), size) == 0);
  REQUIRE(::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&where), &size) == 0);
  const std::string port = std::to_string(ntohs(where.sin_port));
  const Ran nobody = tool({"control", "-k", "-p", port});
  CHECK(nobody.code == 1);
  CHECK_THAT(nobody.err, Catch::Contains("cannot connect to 127.0.0.1:" + port));
  REQUIRE(::listen(silent.get(), 5) == 0);
  const Ran mute = tool({"control", "-k", "-t", "100", "-p", port});
  CHECK(mute.code == 1);
  CHECK_THAT(mute.err, Catch::Contains("does not answer within 100 ms"));
}

TEST_CASE("a list that needs several answers is shown whole") {
  const Ours s;
  std::string contexts;
  for (int i = 0; i < 2000; ++i) {
    const std::string id = "X" + std::to_string(100 + i % 900);
    contexts += encoded(proto::local::RegisterContext{AppId("A" + std::to_string(100 + i / 900)), ContextId(id), i, -2,
                                                      -2, 4711, std::string(60, 'd')});
  }
  for (int i = 0; i < 3; ++i)
    REQUIRE(
        s.app->send(encoded(proto::local::RegisterApplication{AppId("A" + std::to_string(100 + i)), 4711, "many"})));
  REQUIRE(s.app->send(contexts));
  const auto count = [&] {
    std::size_t n = 0;
    for (const auto& a : json::parse(s.ask({"-j", "--format", "json"}).out)) n += a.at("contexts").size();
    return n;
  };
  CHECK(eventually([&] { return count() == 2002; }));
}

TEST_CASE("control speaks with the incumbent's daemon, over TCP and its control socket") {
  const CovesaDaemon incumbent;
  const auto app = incumbent.application("SINA", "SINC");
  REQUIRE(eventually([&] { return level_of(incumbent.port(), "SINA", "SINC") != "none"; }));
  const auto ask = [&](const std::vector<std::string>& options) { return control(incumbent.port(), options); };
  CHECK_THAT(ask({"-k"}).out, Catch::Contains("2.18.8"));
  CHECK(ask({"-l", "debug", "-a", "SINA", "-c", "SINC"}).code == 0);
  CHECK(level_of(incumbent.port(), "SINA", "SINC") == "debug");
  CHECK(ask({"-l", "error", "-a", "SIN*"}).code == 0);
  CHECK(level_of(incumbent.port(), "SINA", "SINC") == "error");
  CHECK(ask({"-l", "error", "-a", "NON*"}).code == 1);
  CHECK(ask({"-l", "error", "-a", "SINA", "-c", "NONE"}).code == 1);
  CHECK(ask({"-r", "1", "-a", "SINA", "-c", "NONE"}).code == 1);
  CHECK(ask({"-l", "verbose"}).code == 0);
  CHECK(level_of(incumbent.port(), "SINA", "SINC") == "verbose");
  CHECK(ask({"-d", "warn"}).code == 0);
  CHECK(ask({"--get-default-level"}).out == "warn\n");
  CHECK(ask({"-f", "1"}).code == 0);
  CHECK(ask({"-i", "0"}).code == 0);
  CHECK(ask({"--local-time"}).code == 0);
  CHECK(ask({"-a", "SINA", "-c", "SINC", "-s", "4096", "-m", "hello"}).code == 0);
  CHECK(ask({"-a", "SINA", "-c", "NONE", "-s", "4096", "-m", "hello"}).code == 1);
  CHECK(ask({"-S", "-k"}).code == 0);
  const Ran by_socket = tool({"control", "-t", "60000", "-u", "-k", incumbent.control_socket()});
  CHECK(by_socket.code == 0);
  CHECK_THAT(by_socket.out, Catch::Contains("2.18.8"));
}
