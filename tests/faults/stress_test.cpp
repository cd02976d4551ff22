// Everything at once, for ThreadSanitizer (`./dev test --sanitize thread --all`, and once more under `taskset -c 0`):
// see apps/stress.cpp; meanwhile the daemon is killed every 300 ms and clients come and go.
#include <catch2/catch.hpp>

#include <iostream>
#include <memory>
#include <vector>

#include "support/client.hpp"
#include "support/daemon.hpp"

namespace dlt::test {
namespace {

void stress(int seconds) {
  using Clock = std::chrono::steady_clock;
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  TempDir dir;
  Child app({.command = {std::string(DLT_FAULT_APPS) + "/stress", std::to_string(seconds)},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}},
             .out = dir / "out",
             .err = dir / "out"});
  int kills = 0;
  int connects = 0;
  const auto deadline = Clock::now() + std::chrono::seconds(seconds) + std::chrono::minutes(5);
  while (app.running() && Clock::now() < deadline) {
    for (const auto until = Clock::now() + std::chrono::milliseconds(300); Clock::now() < until;) {
      std::vector<std::unique_ptr<Client>> clients;
      for (int i = 0; i < 8; ++i, ++connects) clients.push_back(std::make_unique<Client>(daemon.port()));
      (void)clients.front()->read_until([](const ReceivedFrame&) { return false; }, std::chrono::milliseconds(20));
    }
    daemon.kill();
    ++kills;
    daemon.start();
  }
  INFO(read_file(dir / "out"));
  CHECK(app.wait().value_or(-1) == 0);
  CHECK(daemon.log().find("ThreadSanitizer") == std::string::npos);
  CHECK(kills > 0);
  std::cout << read_file(dir / "out") << kills << " daemons killed, " << connects << " clients\n";
}

}  // namespace

TEST_CASE("all at once, briefly: the books close", "[stress]") { stress(2); }

TEST_CASE("all at once for a minute: the books close", "[stress][long]") { stress(60); }

}  // namespace dlt::test
