// A daemon that is refused memory (F33) while a client, an application and a look at the status are served, and while
// it starts.
#include "faults/starved_daemon.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

// Each of these is served or loses its connection; false: neither, until the deadline.
bool ask_as_client(const Daemon& daemon) {
  const auto client = RawPeer::to_tcp(daemon.port());
  if (!client.send(request(control::GetLogInfo{7, {}, {}}) + request(control::GetSoftwareVersion{}))) return true;
  std::string heard;
  for (;;) {
    errno = 0;
    const auto some = client.receive();
    if (some.empty()) return errno == 0 || errno == ECONNRESET;
    heard += some;
    if (heard.find("dlt-daemon") != std::string::npos) return true;
  }
}
// Its message reaches `viewer`, or it loses its connection, or the viewer does.
bool log_as_application(const Daemon& daemon, std::uint32_t number) {
  const auto viewer = RawPeer::to_tcp(daemon.port());
  const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  const AppId id("A" + std::to_string(number % 1000));
  static_cast<void>(app.send(registration(id, {"CTX1", "CTX2"}) + log(frame(number, 0, id)) +
                             numbered_batch(number, 300) + log(frame(number, 0, "LAST"))));
  return arrives("LAST", viewer, app).has_value();
}
bool ask_for_status(const Daemon& daemon) {
  const auto peer = RawPeer::to_unix(daemon.dir() / "control.sock");
  if (!peer.send("status\n")) return true;
  for (;;) {
    errno = 0;
    if (peer.receive().empty()) return errno == 0 || errno == ECONNRESET;
  }
}

}  // namespace

TEST_CASE("F33: a daemon without memory for a client lives, and serves again", "[F33]") {
  fault_f33("a client", 1, [](const Daemon& daemon, int) { return ask_as_client(daemon); });
}

TEST_CASE("F33: a daemon without memory for an application lives, and serves again", "[F33]") {
  fault_f33("an application", 1,
            [](const Daemon& daemon, int n) { return log_as_application(daemon, static_cast<std::uint32_t>(n)); });
}

TEST_CASE("F33: a daemon without memory for its status lives, and serves again", "[F33]") {
  fault_f33("a status", 4, [](const Daemon& daemon, int) { return ask_for_status(daemon); });
}

TEST_CASE("F33: a daemon without memory for its status lives, whatever of it is refused", "[F33][long]") {
  fault_f33("a status", 1, [](const Daemon& daemon, int) { return ask_for_status(daemon); });
}

namespace {

// What is refused before main() begins, to the statics of the libraries in use, ends the process by std::terminate.
void fault_f33_at_start(int step) {
  int n = 1;
  int refusals = 0;
  for (; n < more_than_there_are; n += step) {
    const TempDir dir;
    Child child({.command = {DLT_DAEMON, "--foreground", "--app-socket", dir / "app.sock", "--control-socket",
                             dir / "control.sock", "--bind", "127.0.0.1", "--port", "0", "--port-file", dir / "port"},
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
  std::cout << "starting: " << refusals << " of about " << n - step << " requests of the daemon refused\n";
}

}  // namespace

TEST_CASE("F33: a daemon that is refused memory while it starts says so and ends with 1", "[F33]") {
  fault_f33_at_start(10);
}

TEST_CASE("F33: a daemon that is refused any memory while it starts says so and ends with 1", "[F33][long]") {
  fault_f33_at_start(1);
}

#endif
