// F25, F26: more than one daemon at a place, what a dead one leaves behind, and places that cannot be.
#include <catch2/catch.hpp>

#include <fstream>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

Child::Setup another(const Daemon& daemon, const std::string& log, std::vector<std::string> options = {}) {
  std::vector<std::string> command{daemon.program(), "--foreground", "--config", daemon.dir() / "dlt-daemon.conf"};
  command.insert(command.end(), options.begin(), options.end());
  return {.command = std::move(command), .out = log, .err = log};
}

}  // namespace

TEST_CASE("F25: of many daemons that start at once exactly one serves", "[F25]") {
  constexpr int count = 50 / (sanitized ? 5 : 1);
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  CHECK(daemon.stop() == 0);  // its configuration stays
  const std::string log = daemon.dir() / "many";
  std::vector<std::unique_ptr<Child>> all;
  for (int i = 0; i < count; ++i) all.push_back(std::make_unique<Child>(another(daemon, log + std::to_string(i))));
  const auto running = [&] { return std::count_if(all.begin(), all.end(), [](auto& c) { return c->running(); }); };

  REQUIRE(eventually([&] { return running() == 1; }));
  const auto survivor = std::find_if(all.begin(), all.end(), [](auto& c) { return c->running(); });
  CHECK(eventually([&] { return std::filesystem::exists(daemon.dir() / "control.sock"); }));
  CHECK(look(daemon).at("pid") == (*survivor)->pid());
  for (const auto& child : all)
    if (child != *survivor) CHECK(child->wait() == 1);
  CHECK((*survivor)->stop() == 0);
}

TEST_CASE("F25: a socket that a killed daemon left behind is replaced", "[F25]") {
  Daemon daemon(DLT_DAEMON);
  for (int i = 0; i < 5; ++i) {
    daemon.start();
    Bystander good(daemon);
    CHECK(good.goes_on(5));
    CHECK(good.finish().all_well());
    daemon.kill();
    CHECK(std::filesystem::exists(daemon.dir() / "app.sock"));
  }
}

TEST_CASE("F25: a daemon that shares but one socket with another refuses, and touches nothing", "[F25]") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Bystander good(daemon);
  for (const auto& [option, own] : {std::pair{"--app-socket", "control.sock"}, {"--control-socket", "app.sock"}}) {
    INFO("another path for " << option);
    const auto outcome = run({"timeout", "20", DLT_DAEMON, "--foreground", "--config", daemon.dir() / "dlt-daemon.conf",
                              option, daemon.dir() / "other.sock"});
    CHECK(outcome.code == 1);
    CHECK(outcome.out.find("another daemon serves " + (daemon.dir() / own)) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(daemon.dir() / "other.sock"));
    CHECK(look(daemon).at("pid") == daemon.process().pid());
  }
  CHECK(good.goes_on());
  CHECK(good.finish().all_well());
  CHECK(daemon.stop() == 0);
}

TEST_CASE("F26: a socket path that has no room is refused by name, one that just fits is served", "[F26]") {
  // The address has room for 107 characters; the daemon binds under a name that is four longer and renames.
  for (const std::size_t length : {102U, 103U, 104U, 107U, 108U, 109U, 255U, 4096U}) {
    const TempDir dir;
    const std::string path = dir / std::string(length - dir.path().string().size() - 1, 's');
    const auto outcome = run({"timeout", "300", DLT_DAEMON, "--foreground", "--app-socket", path, "--control-socket",
                              dir / "c", "--port", "0", "--bind", "127.0.0.1", "--check-config"});
    INFO("length " << length << ": " << outcome.out);
    CHECK(outcome.code == 0);  // a path is a path
    Child child({.command = {DLT_DAEMON, "--foreground", "--app-socket", path, "--control-socket", dir / "c", "--port",
                             "0", "--bind", "127.0.0.1", "--port-file", dir / "port"},
                 .out = dir / "log",
                 .err = dir / "log"});
    if (length <= 103) {
      CHECK(eventually([&] { return !read_file(dir / "port").empty() || !child.running(); }));
      CHECK_NOTHROW(RawPeer::to_unix(path));
      CHECK(child.stop() == 0);
    } else {
      CHECK(child.wait() == 1);
      INFO(read_file(dir / "log"));
      CHECK(read_file(dir / "log").find(path.substr(0, 100)) != std::string::npos);
    }
  }
}

TEST_CASE("F26: a folder that is not there is refused by name", "[F26]") {
  const TempDir dir;
  const std::string path = dir / "not/there/app.sock";
  const auto outcome = run({DLT_DAEMON, "--foreground", "--app-socket", path, "--port", "0"});
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find(path) != std::string::npos);
}
