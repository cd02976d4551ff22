// The programs of others talk with our daemon: what they print, what they change. shown.hpp has what they must show.
#include <catch2/catch.hpp>

#include "end_to_end/app.hpp"
#include "end_to_end/shown.hpp"
#include "support/client.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

bool contains(const std::string& file, const std::string& text) {
  return read_file(file).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("dlt-receive prints exactly what an application logged") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  const std::string file = daemon.dir() / "rx.dlt";
  Child receive({.command = {"dlt-receive", "-a", "-o", file, "-p", daemon.port_text(), "127.0.0.1"},
                 .out = daemon.dir() / "rx.txt"});
  App app(daemon, in_order);
  app.ask("types");
  app.ask("say info END");
  REQUIRE(eventually([&] { return contains(file, "END"); }));
  receive.stop();

  CHECK(shown_lines(read_file(daemon.dir() / "rx.txt")) == expected_lines());
}

TEST_CASE("dlt-receive prints the backlog of what was logged before it came") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  App app(daemon, in_order);
  app.ask("types");
  app.ask("say info END");
  REQUIRE(app.ask("flush 60000") == "1");
  REQUIRE(eventually([&] { return status(daemon).received("E2EA") == expected_lines().size(); }));
  const std::string file = daemon.dir() / "rx.dlt";
  Child receive({.command = {"dlt-receive", "-a", "-o", file, "-p", daemon.port_text(), "127.0.0.1"},
                 .out = daemon.dir() / "rx.txt"});
  REQUIRE(eventually([&] { return contains(file, "END"); }));
  receive.stop();

  CHECK(shown_lines(read_file(daemon.dir() / "rx.txt")) == expected_lines());
}

TEST_CASE("dlt-control lists contexts and changes a level, and the application obeys") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  App app(daemon);
  app.wait_until_connected();
  REQUIRE(eventually([&] { return status(daemon).contexts("E2EA").size() == 2; }));

  const Outcome listed = run({"dlt-control", "-j", "-p", daemon.port_text(), "127.0.0.1"});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out, Catch::Contains("APID:E2EA end to end"));
  CHECK_THAT(listed.out, Catch::Contains("CTID:MAIN ") && Catch::Contains(" what tests say"));
  CHECK_THAT(listed.out, Catch::Contains("CTID:NUMS ") && Catch::Contains(" thread and sequence"));

  CHECK(app.ask("say debug too fine") == "0");
  const Outcome changed =
      run({"dlt-control", "-l", "5", "-a", "E2EA", "-c", "MAIN", "-p", daemon.port_text(), "127.0.0.1"});
  CHECK(changed.code == 0);
  CHECK_THAT(app.told("level"), Catch::StartsWith("debug "));
  CHECK(app.ask("say debug now wanted") == "1");
}

TEST_CASE("dlt-control injects, and the application's callback gets it") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  App app(daemon);
  app.wait_until_connected();
  REQUIRE(eventually([&] { return status(daemon).contexts("E2EA").size() == 2; }));

  const Outcome injected = run({"dlt-control", "-a", "E2EA", "-c", "MAIN", "-s", "4096", "-m", "HelloInj", "-p",
                                daemon.port_text(), "127.0.0.1"});
  CHECK(injected.code == 0);
  CHECK_THAT(app.told("injected"), Catch::StartsWith("4096 HelloInj"));
}

TEST_CASE("levels that dlt-control has stored are there after a restart, until it resets them") {
  Daemon daemon(DLT_DAEMON);
  daemon.set("PersistanceStoragePath", daemon.dir() / "kept");
  daemon.start();
  const auto control = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "dlt-control");
    for (const auto& word : {std::string("-p"), daemon.port_text(), std::string("127.0.0.1")}) options.push_back(word);
    return run({options}).code;
  };
  App app(daemon);
  app.wait_until_connected();
  REQUIRE(eventually([&] { return status(daemon).contexts("E2EA").size() == 2; }));
  REQUIRE(control({"-l", "5", "-a", "E2EA", "-c", "MAIN"}) == 0);
  CHECK_THAT(app.told("level"), Catch::StartsWith("debug "));
  REQUIRE(control({"-o"}) == 0);
  CHECK_THAT(read_file(daemon.dir() / "kept/dlt-runtime-context.cfg"), Catch::Contains("E2EA:MAIN:5:-1:"));

  daemon.stop();
  daemon.start();
  App again(daemon);
  CHECK(eventually([&] { return again.ask("say debug still wanted") == "1"; }));

  REQUIRE(control({"-g"}) == 0);
  CHECK(std::filesystem::is_empty(daemon.dir() / "kept"));
}

TEST_CASE("dlt-control asks by the socket for control where the incumbent has it") {
  if (run({"unshare", "-m", "true"}).code != 0) {
    skip("this process may not have mounts of its own");
    return;
  }
  Daemon daemon(DLT_DAEMON);
  daemon.set("ControlSocketPath", daemon.dir() / "dlt-ctrl.sock");
  daemon.start();

  // The tool knows one path only, /tmp/dlt-ctrl.sock.
  const Outcome version =
      run({"unshare", "-m", "sh", "-c", "mount --bind \"$0\" /tmp && dlt-control -k -u", daemon.dir() / ""});

  CHECK(version.code == 0);
  CHECK_THAT(version.out, Catch::Contains("dlt-daemon "));
}

}  // namespace dlt::test
