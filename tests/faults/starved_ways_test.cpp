// A daemon that is refused memory (F33) while programs log by the incumbent's FIFO, and an application by TCP.
#include "dlt-daemon/support/old_application.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/told_application.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

std::string heard_until(const RawPeer& viewer, const std::string& text, std::chrono::milliseconds limit) {
  std::string heard;
  static_cast<void>(eventually(
      [&] {
        pollfd readable{viewer.fd(), POLLIN, 0};
        if (::poll(&readable, 1, 1) == 1) {
          const auto some = viewer.receive();
          if (some.empty()) return true;
          heard += some;
        }
        return heard.find(text) != std::string::npos;
      },
      limit));
  return heard;
}

std::uint64_t received(const Daemon& daemon) {
  return look(daemon).at("totals").at("received_messages").get<std::uint64_t>();
}

AppId id_of(std::int32_t pid) { return AppId("F" + std::to_string(pid % 1000)); }

// A program signs up and logs; what it logs arrives.
bool log_by_fifo(const Daemon& daemon, std::int32_t pid) {
  const OldApplication old(daemon.dir().path(), pid);
  const auto viewer = RawPeer::to_tcp(daemon.port());
  const std::string text = "by" + std::to_string(pid) + "!";
  std::string message = frame(1, text.size(), "OLD1");
  message.replace(message.size() - text.size(), text.size(), text);
  if (!old.sign_up("OLD1") || !old.send(log(message))) return false;
  // The viewer may have to come again.
  return heard_until(viewer, text, patience).find(text) != std::string::npos || viewer.closed_now();
}

}  // namespace

TEST_CASE("F33: a daemon without memory for what comes by the FIFO reads on, and counts what it passed over", "[F33]") {
  std::int32_t pid = 100'000'000;
  struct Scene {
    RawPeer viewer;
    std::uint64_t received;
    std::uint64_t refused;
  };
  const auto counted = [](const Daemon& d) { return refused(d, "starved"); };
  fault_f33(
      "the FIFO", 1, {{"LegacyFifo", "1"}, {"LegacyDirectory", "./"}},
      [&](StarvedDaemon& d) {
        return Scene{RawPeer::to_tcp(d.daemon.port()), received(d.daemon), counted(d.daemon)};
      },
      [&](StarvedDaemon& d, const Scene& before, int) {
        OldApplication old(d.daemon.dir().path(), ++pid);
        if (!old.sign_up(id_of(pid), {"CTX1", "CTX2"})) return false;
        for (std::uint32_t i = 0; i < 8; ++i)
          if (!old.send(log(frame(i, 100, "OLD1")) + encoded(proto::local::Marker{}) + log(frame(i, 100, "OLD2"))))
            return false;
        if (!old.send(log(frame(8, 0, "LAST")))) return false;
        for (std::string heard; heard.find("LAST") == std::string::npos && d.memory.refused() == 0;)
          heard += heard_until(before.viewer, "LAST", std::chrono::milliseconds(20));
        d.memory.give();
        // All of it, or less, and that is counted.
        return eventually(
            [&] { return received(d.daemon) - before.received == 17 || counted(d.daemon) > before.refused; });
      },
      [&](StarvedDaemon& d, const Scene&) { return log_by_fifo(d.daemon, ++pid); });
}

TEST_CASE("F33: a program at the FIFO whose registration found no memory is told its levels when it has signed up",
          "[F33]") {
  std::int32_t pid = 200'000'000;
  fault_f33(
      "a level by the FIFO", 1, {{"LegacyFifo", "1"}, {"LegacyDirectory", "./"}},
      [&](StarvedDaemon& d) {
        auto old = std::make_unique<OldApplication>(d.daemon.dir().path(), ++pid);
        REQUIRE(old->sign_up(id_of(pid)));
        REQUIRE(old->told(proto::local::LogLevel{4, 0, 0}));
        return old;
      },
      [&](StarvedDaemon& d, const std::unique_ptr<OldApplication>& old, int) {
        const auto client = RawPeer::to_tcp(d.daemon.port());
        static_cast<void>(client.send(request(control::SetLogLevel{id_of(pid), "CTX1", 6})));
        static_cast<void>(heard_until(client, std::string("\x01\x00\x00\x00\x00", 5), std::chrono::seconds(5)));
        d.memory.give();
        const auto again = RawPeer::to_tcp(d.daemon.port());
        static_cast<void>(again.send(request(control::SetLogLevel{id_of(pid), "CTX1", 5})));
        return old->told(proto::local::LogLevel{5, 0, 0});
      },
      [](StarvedDaemon&, const std::unique_ptr<OldApplication>&) { return true; });
}

TEST_CASE("F33: a daemon without memory for an application by TCP lives, and serves again", "[F33]") {
  const auto said = [](const StarvedDaemon& d, std::uint16_t port, int n) {
    const auto viewer = RawPeer::to_tcp(d.daemon.port());
    const auto app = RawPeer::to_tcp(port);
    static_cast<void>(app.send(registration("TCP1", {"CTX1", "CTX2"}) + log(frame(1, 100, "TCP1")) +
                               numbered_batch(static_cast<std::uint32_t>(n), 300) + log(frame(1, 0, "LAST"))));
    return arrives("LAST", viewer, app).has_value();
  };
  fault_f33(
      "an application by TCP", 1, {{"ApplicationPort", "0"}},
      [](StarvedDaemon& d) { return look(d.daemon).at("app_port").get<std::uint16_t>(); }, said,
      [&](StarvedDaemon& d, std::uint16_t port) { return said(d, port, 0); });
}

#endif
