// A gateway and its passive nodes: two and three daemons, the incumbent's on either side, and its tools.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "dlt/proto/control.hpp"
#include "end_to_end/app.hpp"
#include "end_to_end/incumbent.hpp"
#include "end_to_end/shown.hpp"
#include "support/client.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

// A section for each node of dlt_gateway.conf.
std::string section(int n, std::uint16_t port, const std::string& ecu, const std::string& more = {}) {
  return "[PassiveNode" + std::to_string(n) + "]\nIPaddress=127.0.0.1\nPort=" + std::to_string(port) +
         "\nEcuID=" + ecu + "\n" + more;
}

// A daemon with an ECU id; as a gateway if there is a file with nodes.
struct Ecu {
  Daemon daemon{DLT_DAEMON};

  explicit Ecu(const std::string& id, const std::string& nodes = {}) {
    daemon.set("ECUId", id);
    daemon.set("ControlSocketPath", daemon.dir() / "ctrl.sock");
    write_file(daemon.dir() / "gw.conf", nodes);
    daemon.set("GatewayMode", nodes.empty() ? "0" : "1");
    daemon.set("GatewayConfigFile", daemon.dir() / "gw.conf");
    daemon.start();
  }
  [[nodiscard]] nlohmann::json status() const {
    const auto said =
        run({daemon.program(), "--status", "--format", "json", "--config", daemon.dir() / "dlt-daemon.conf"});
    return nlohmann::json::parse(said.out);
  }
  [[nodiscard]] bool connected(std::size_t nodes) const {
    return eventually([&] {
      const auto all = status()["nodes"];
      return static_cast<std::size_t>(std::count_if(all.begin(), all.end(),
                                                    [](const auto& n) { return n["state"] == "connected"; })) == nodes;
    });
  }
  [[nodiscard]] bool received(std::size_t node, std::uint64_t messages) const {
    return eventually([&] { return status()["nodes"][node]["received"]["messages"] == messages; });
  }
};

Child receive(std::uint16_t port, const std::string& file) {
  return Child(
      {.command = {"stdbuf", "-oL", "dlt-receive", "-a", "-p", std::to_string(port), "127.0.0.1"}, .out = file});
}

// The texts of the messages that dlt-receive has printed of a context of an ECU. One that ends in a newline goes on in
// the next line.
std::vector<std::string> texts(const std::string& file, const std::string& ids) {
  std::vector<std::string> out;
  for (const auto& line : lines(read_file(file))) {
    if (line.find(" " + ids + " log ") == std::string::npos) continue;
    const auto begin = line.find('[') + 1;
    out.push_back(line.substr(begin, line.find(']') - begin));
  }
  return out;
}

// The incumbent's daemon with a configuration of its own.
struct Incumbent {
  TempDir dir;
  std::uint16_t port = free_port();
  Child daemon;

  explicit Incumbent(const std::string& id, const std::string& nodes = {})
      : daemon({.command = {incumbent_daemon, "-c", configuration(id, nodes), "-t", dir.path(), "-p",
                            std::to_string(port)},
                .err = dir / "err"}) {
    const bool up = eventually([&] {
      try {
        const Client client(port);
        return std::filesystem::exists(dir / "dlt");
      } catch (const std::runtime_error&) {
        return false;
      }
    });
    if (!up) throw std::runtime_error("the incumbent's daemon did not start");
  }
  std::string configuration(const std::string& id, const std::string& nodes) {
    write_file(dir / "gw.conf", nodes);
    write_file(dir / "dlt.conf",
               "ECUId = " + id + "\nUDPConnectionSetup = 0\nLoggingMode = 2\nLoggingFilename = " + dir / "own.log" +
                   "\nControlSocketPath = " + dir / "ctrl.sock" + "\nPersistanceStoragePath = " + dir / "" +
                   "\nGatewayMode = " + (nodes.empty() ? "0" : "1") + "\nGatewayConfigFile = " + dir / "gw.conf" +
                   "\n");
    return dir / "dlt.conf";
  }
  // Logs a number a line, from first to last.
  [[nodiscard]] int log(int first, int last) const {
    return run({"sh", "-c",
                "seq " + std::to_string(first) + " " + std::to_string(last) + " | dlt-adaptor-stdin -a OLD -c STDI"},
               {{"DLT_PIPE_DIR", dir.path()}})
        .code;
  }
};

// What a daemon answers to passive_node_status, as it comes; without its time stamp.
std::string passive_node_status(std::uint16_t port, EcuId ecu) {
  Client client(port);
  proto::control::Envelope envelope;
  envelope.ecu = ecu;
  client.send(*proto::control::frame(proto::control::GetPassiveNodeStatus{}, envelope));
  std::string payload;
  const bool came = client.read_until([&](const ReceivedFrame& f) {
    if (f.payload.size() < 5 || proto::load_le<std::uint32_t>(f.payload.data()) != 0xf07) return false;
    payload = proto::as_text(f.payload);
    return true;
  });
  if (!came) throw std::runtime_error("no answer to passive_node_status");
  return payload;
}

}  // namespace

TEST_CASE("three daemons: what applications of two nodes log comes to dlt-receive at the gateway") {
  const Ecu two("ECU2");
  const Ecu three("ECU3");
  const Ecu gateway("GATE", section(1, two.daemon.port(), "ECU2") + section(2, three.daemon.port(), "ECU3"));
  REQUIRE(gateway.connected(2));
  const std::string file = gateway.daemon.dir() / "rx.txt";
  Child client = receive(gateway.daemon.port(), file);
  REQUIRE(eventually([&] { return status(gateway.daemon).clients.size() == 1; }));

  constexpr int count = 200;
  std::vector<std::string> expected;
  App own(gateway.daemon, in_order);
  App second(two.daemon, in_order);
  App third(three.daemon, in_order);
  for (int i = 0; i < count; ++i) {
    expected.push_back("message " + std::to_string(i));
    for (App* app : {&own, &second, &third}) REQUIRE(app->ask("say info " + expected.back()) == "1");
  }
  for (const std::string ecu : {"GATE", "ECU2", "ECU3"}) {
    INFO(ecu);
    REQUIRE(eventually([&] { return texts(file, ecu + " E2EA MAIN").size() >= count; }));
    CHECK(texts(file, ecu + " E2EA MAIN") == expected);
  }
  client.stop(SIGTERM);
  const auto books = gateway.status();
  CHECK(books["nodes"][0]["received"]["messages"] == count);
  CHECK(books["nodes"][1]["received"]["messages"] == count);
  CHECK(books["totals"]["received_messages"] == 3 * count);
  CHECK(books["applications"].size() == 1);
  const auto shown = run({gateway.daemon.program(), "--status", "--config", gateway.daemon.dir() / "dlt-daemon.conf"});
  CHECK_THAT(shown.out, Catch::Contains("NODE") && Catch::Contains("ECU2  127.0.0.1:" + two.daemon.port_text()));
}

TEST_CASE("clients at the gateway change a level of a node's application, and of its own") {
  const Ecu node("ECU2");
  const Ecu gateway("GATE", section(1, node.daemon.port(), "ECU2"));
  REQUIRE(gateway.connected(1));
  App far(node.daemon);
  far.wait_until_connected();
  App near(gateway.daemon);
  near.wait_until_connected();
  REQUIRE(eventually([&] { return status(node.daemon).contexts("E2EA").size() == 2; }));
  REQUIRE(eventually([&] { return status(gateway.daemon).contexts("E2EA").size() == 2; }));
  const auto control = [&](std::vector<std::string> options) {
    options.insert(options.end(), {"-p", gateway.daemon.port_text(), "127.0.0.1"});
    return run(options);
  };

  CHECK(control({"dlt-control", "-e", "ECU2", "-l", "5", "-a", "E2EA", "-c", "MAIN"}).code == 0);
  CHECK_THAT(far.told("level"), Catch::StartsWith("debug "));
  CHECK(far.ask("say debug now wanted") == "1");
  CHECK(near.ask("say debug not here") == "0");

  CHECK(control({"dlt-control", "-e", "GATE", "-l", "6", "-a", "E2EA", "-c", "MAIN"}).code == 0);
  CHECK_THAT(near.told("level"), Catch::StartsWith("verbose "));
  CHECK(far.ask("say verbose not there") == "0");

  CHECK(control({"dlt-control", "-e", "ECU2", "-a", "E2EA", "-c", "MAIN", "-s", "4096", "-m", "HelloFar"}).code == 0);
  CHECK_THAT(far.told("injected"), Catch::StartsWith("4096 HelloFar"));

  const auto listed = control({"dlt-control", "-e", "ECU2", "-j"});
  CHECK_THAT(listed.out, Catch::Contains("CTID:MAIN "));
  const auto ours = control({gateway.daemon.program(), "control", "-e", "ECU2", "-l", "2", "-a", "E2EA", "-c", "MAIN"});
  CHECK(ours.code == 0);
  CHECK_THAT(far.told("level"), Catch::StartsWith("error "));
}

TEST_CASE("dlt-passive-node-ctrl shows, disconnects and connects nodes") {
  if (!may_mount()) {
    skip("this process may not have mounts of its own");
    return;
  }
  const Ecu two("ECU2");
  const Ecu three("ECU3");
  const Ecu gateway(
      "GATE", section(1, two.daemon.port(), "ECU2") + section(2, three.daemon.port(), "ECU3", "Connect=OnDemand\n"));
  REQUIRE(gateway.connected(1));
  const std::string dlt_conf = gateway.daemon.dir() / "dlt.conf";
  write_file(dlt_conf, "ECUId = GATE\nControlSocketPath = " + gateway.daemon.dir() / "ctrl.sock" + "\n");
  const auto ctrl = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "dlt-passive-node-ctrl");
    return run_with_dlt_conf(dlt_conf, options);
  };

  const auto shown = ctrl({"-s"});
  CHECK(shown.code == 0);
  CHECK_THAT(shown.out, Catch::Contains("ECU2: Connected\nECU3: Disconnected\n"));
  CHECK(ctrl({"-c", "1", "-n", "ECU3"}).code == 0);
  CHECK(ctrl({"-c", "0", "-n", "ECU2"}).code == 0);
  CHECK_THAT(ctrl({"-s"}).out, Catch::Contains("ECU2: Disconnected\nECU3: Connected\n"));
  CHECK(eventually([&] { return status(two.daemon).clients.empty(); }));
  CHECK(ctrl({"-c", "1", "-n", "NONE"}).code != 0);
  CHECK(ctrl({"-c", "1", "-n", "ECU2"}).code == 0);
  CHECK_THAT(ctrl({"-s"}).out, Catch::Contains("ECU2: Connected\nECU3: Connected\n"));
}

TEST_CASE("a node that is killed and comes back goes on, and what it logged meanwhile comes from its backlog") {
  Ecu node("ECU2");
  // The same address after the restart.
  node.daemon.set("Port", node.daemon.port_text());
  const Ecu gateway("GATE", section(1, node.daemon.port(), "ECU2", "Timeout=0\n"));
  const std::string file = gateway.daemon.dir() / "rx.txt";
  Child client = receive(gateway.daemon.port(), file);
  App app(node.daemon, in_order);
  REQUIRE(app.ask("say info before") == "1");
  REQUIRE(eventually([&] { return texts(file, "ECU2 E2EA MAIN").size() == 1; }));
  node.daemon.kill();
  REQUIRE(app.ask("say info meanwhile") == "1");
  node.daemon.start();
  // What the killed daemon had passed on and not acknowledged may come twice.
  const auto seen = [&] {
    auto all = texts(file, "ECU2 E2EA MAIN");
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  };
  REQUIRE(eventually([&] { return seen().size() == 2; }));
  CHECK(seen() == std::vector<std::string>{"before", "meanwhile"});
  CHECK(gateway.status()["nodes"][0]["reconnects"] == 1);
  client.stop(SIGTERM);
}

TEST_CASE("the incumbent's daemon is a passive node of ours") {
  const Incumbent node("ECU2");
  const Ecu gateway("GATE", section(1, node.port, "ECU2", "SendControl=0x03,0x04,0x13\nSendPeriodicControl=0x13:1\n"));
  REQUIRE(gateway.connected(1));
  const std::string file = gateway.daemon.dir() / "rx.txt";
  Child client = receive(gateway.daemon.port(), file);
  REQUIRE(eventually([&] { return status(gateway.daemon).clients.size() == 1; }));

  REQUIRE(node.log(1000, 1999) == 0);
  std::vector<std::string> expected;
  for (int i = 1000; i < 2000; ++i) expected.push_back(std::to_string(i) + " ");  // the newline, as it is shown
  REQUIRE(eventually([&] { return texts(file, "ECU2 OLD- STDI").size() >= expected.size(); }));
  CHECK(texts(file, "ECU2 OLD- STDI") == expected);
  const auto n = gateway.status()["nodes"][0];
  CHECK(n["foreign_messages"] == 0);
  CHECK(n["garbage_bytes"] == 0);

  const auto level = run({"dlt-control", "-e", "ECU2", "-d", "3", "-p", gateway.daemon.port_text(), "127.0.0.1"});
  CHECK(level.code == 0);
  const auto version =
      run({gateway.daemon.program(), "control", "-e", "ECU2", "-k", "-p", gateway.daemon.port_text(), "127.0.0.1"});
  CHECK(version.code == 0);
  CHECK_THAT(version.out, Catch::Contains("2.18"));
  // The periodic request's answers go to every viewer.
  CHECK(eventually([&] { return read_file(file).find("ECU2 DA1- DC1- control response") != std::string::npos; }));
  client.stop(SIGTERM);
}

TEST_CASE("a daemon of ours is a passive node of the incumbent's gateway") {
  const Ecu node("ECU2");
  const Incumbent gateway("GATE", "[General]\nInterval=1\n" + section(1, node.daemon.port(), "ECU2", "Timeout=0\n"));
  REQUIRE(eventually([&] { return status(node.daemon).clients.size() == 1; }));
  const std::string file = gateway.dir / "rx.txt";
  Child client = receive(gateway.port, file);
  App app(node.daemon, in_order);
  app.wait_until_connected();
  REQUIRE(eventually([&] { return status(node.daemon).contexts("E2EA").size() == 2; }));

  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back("message " + std::to_string(i));
    REQUIRE(app.ask("say info " + expected.back()) == "1");
  }
  REQUIRE(eventually([&] { return texts(file, "ECU2 E2EA MAIN").size() >= expected.size(); }));
  CHECK(texts(file, "ECU2 E2EA MAIN") == expected);
  CHECK(run({"dlt-control", "-e", "ECU2", "-l", "5", "-a", "E2EA", "-c", "MAIN", "-p", std::to_string(gateway.port),
             "127.0.0.1"})
            .code == 0);
  CHECK_THAT(app.told("level"), Catch::StartsWith("debug "));
  client.stop(SIGTERM);
}

TEST_CASE("the list of nodes is, byte for byte, the incumbent's") {
  const Ecu node("ECU2");
  const std::string nodes = "[General]\nInterval=1\n" +
                            section(1, node.daemon.port(), "ECU2", "Connect=OnStartup\nTimeout=0\n") +
                            section(2, 3499, "ECU3", "Connect=OnDemand\nTimeout=10\n");
  const Ecu ours("GATE", nodes);
  REQUIRE(ours.connected(1));
  const Incumbent theirs("GATE", nodes);
  REQUIRE(eventually([&] { return status(node.daemon).clients.size() == 2; }));
  const auto payload = passive_node_status(ours.daemon.port(), "GATE");
  CHECK(payload.size() == 209);
  CHECK(payload == passive_node_status(theirs.port, "GATE"));
}

}  // namespace dlt::test
