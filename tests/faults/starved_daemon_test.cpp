// A daemon that is refused memory (F33) while a client, an application and a look at the status are
// served.
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

#endif
