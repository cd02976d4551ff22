// A daemon that is refused memory (F33) while it starts: it says so and ends with 1, or does without.
#include "faults/starved_daemon.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;

namespace {

// What is refused before main() begins, to the statics of the libraries in use, ends the process by std::terminate.
// With all that it may have.
std::vector<std::string> everything_in(const TempDir& dir) {
  write_file(dir / "gateway.conf", "[PassiveNode1]\nIPaddress=127.0.0.1\nPort=1\nEcuID=NODE\n");
  std::vector<std::string> options;
  for (const auto& [key, value] : std::map<std::string, std::string>{{"OfflineTraceDirectory", dir / "stored"},
                                                                     {"SnapshotDirectory", dir / "snapshots"},
                                                                     {"SnapshotInterval", "3600"},
                                                                     {"RecorderSize", "1M"},
                                                                     {"LegacyFifo", "1"},
                                                                     {"LegacyDirectory", dir / "legacy"},
                                                                     {"LegacySocketPath", dir / "legacy.sock"},
                                                                     {"ControlSocketPath", dir / "ctrl.sock"},
                                                                     {"ApplicationPort", "0"},
                                                                     {"GatewayMode", "1"},
                                                                     {"GatewayConfigFile", dir / "gateway.conf"},
                                                                     {"PersistanceStoragePath", dir / "levels"},
                                                                     {"ApplicationQuotas", "SPAM=100k/1M;*=10M"},
                                                                     {"OfflineLogstorageMaxDevices", "4"}})
    options.insert(options.end(), {"--set", key + "=" + value});
  return options;
}

void fault_f33_at_start(int step, bool everything) {
  int n = 1;
  int refusals = 0;
  for (; n < more_than_there_are; n += step) {
    const TempDir dir;
    std::vector<std::string> command{
        DLT_DAEMON,           "--foreground", "--app-socket", dir / "app.sock", "--control-socket",
        dir / "control.sock", "--bind",       "127.0.0.1",    "--port",         "0",
        "--port-file",        dir / "port"};
    if (everything) {
      const auto more = everything_in(dir);
      command.insert(command.end(), more.begin(), more.end());
    }
    Child child({.command = command,
                 .environment = {{"LD_PRELOAD", std::string(DLT_FAULT_APPS) + "/starve.so"},
                                 {"STARVE_FROM_MAIN", "1"},
                                 {"STARVE_AT", std::to_string(n)},
                                 {"STARVE_FILE", dir / "refused"}},
                 .out = dir / "log",
                 .err = dir / "log"});
    REQUIRE(eventually([&] { return !read_file(dir / "port").empty() || !child.running(); }));
    const bool serves = !read_file(dir / "port").empty();  // it could do without
    const auto code = child.stop();
    INFO("request " << n << ": " << read_file(dir / "log"));
    REQUIRE((code == 1 || (code == 0 && serves)));  // it may serve and be refused memory then, or in the end
    CHECK_FALSE(read_file(dir / "log").empty());
    if (std::filesystem::exists(dir / "refused")) {
      ++refusals;
      continue;
    }
    CHECK(serves);
    break;
  }
  CHECK(n < more_than_there_are);
  CHECK(refusals > 0);
  std::cout << (everything ? "starting with everything: " : "starting: ") << refusals << " of about " << n - step
            << " requests of the daemon refused\n";
}

}  // namespace

TEST_CASE("F33: a daemon that is refused memory while it starts says so and ends with 1", "[F33]") {
  fault_f33_at_start(10, GENERATE(false, true));
}

TEST_CASE("F33: a daemon that is refused any memory while it starts says so and ends with 1", "[F33][long]") {
  fault_f33_at_start(1, GENERATE(false, true));
}

#endif
