// A daemon that is refused memory (F33) while a signal has it read its configuration, take snapshots, or end.
#include <signal.h>

#include "dlt-daemon/support/peers.hpp"
#include "faults/recorded_file.hpp"
#include "faults/starved_daemon.hpp"
#include "support/recorder_file.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;

namespace {

const Daemon::Settings at_first{{"ContextLogLevel", "4"}};

// The file of its configuration, with other values for what can be changed.
void write_configuration(const Daemon& daemon, int level) {
  const std::string file = daemon.dir() / "dlt-daemon.conf";
  std::string text;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);)
    if (line.find("Path") != std::string::npos || line.starts_with("BindAddress") || line.starts_with("Port"))
      text += line + "\n";
  write_file(file, text + "ContextLogLevel = " + std::to_string(level) +
                       "\nReservedApplicationIds = RES1=0;RES2=0\nApplicationQuotas = LOUD=1M\n"
                       "RingbufferMaxSize = " +
                       std::to_string(9'000'000 + level) + "\nSnapshotInterval = 0\n");
}
// The level that contexts have which nobody has set, as a client is told it.
int default_level(const Daemon& daemon) {
  const auto client = RawPeer::to_tcp(daemon.port());
  if (!client.send(request(control::GetDefaultLogLevel{}))) return -1;
  const std::string answer("\x04\x00\x00\x00\x00", 5);
  std::string heard;
  for (;;) {
    if (const auto at = heard.find(answer); at != std::string::npos && heard.size() > at + answer.size())
      return heard[at + answer.size()];
    const auto some = client.receive();
    if (some.empty()) return -1;
    heard += some;
  }
}
bool has_said(const Daemon& daemon, std::size_t from) {
  const auto said = daemon.log().substr(from);
  for (const auto* what : {"configuration applied", "is not applied", "cannot be read", "could not be handled"})
    if (said.find(what) != std::string::npos) return true;
  return false;
}

void reload(int step) {
  int level = 4;
  fault_f33(
      "a configuration", step, at_first,
      [&](StarvedDaemon& d) {
        level = level == 5 ? 6 : 5;
        write_configuration(d.daemon, level);
        return d.daemon.log().size();
      },
      [&](StarvedDaemon& d, std::size_t said, int) {
        d.daemon.process().send(SIGHUP);
        // It has no memory to say so: then it has been refused some.
        return eventually([&] { return has_said(d.daemon, said) || d.memory.refused() != 0; });
      },
      [&](StarvedDaemon& d, std::size_t) {
        // Applied, or as if it had not been asked for: then once more is enough.
        if (default_level(d.daemon) == level) return true;
        d.daemon.process().send(SIGHUP);
        return eventually([&] { return default_level(d.daemon) == level; });
      });
}

}  // namespace

TEST_CASE("F33: a daemon without memory for its configuration lives, and applies it when it is asked again", "[F33]") {
  reload(7);
}

TEST_CASE("F33: a daemon without memory for its configuration lives, whatever of it is refused", "[F33][long]") {
  reload(1);
}

TEST_CASE("F33: a daemon without memory for a signal's snapshots counts that, and takes them the next time", "[F33]") {
  RecorderFile file;
  file.segment(0, 0, 1, frame(0) + frame(1));
  struct Scene {
    Peer app;
    int asked;
  };
  const auto asked = [](const Daemon& daemon) {
    const auto snapshots = look(daemon).at("snapshots");
    return snapshots.at("taken").get<int>() + snapshots.at("failed").get<int>() + snapshots.at("refused").get<int>();
  };
  fault_f33(
      "a signal's snapshots", 1, {{"SnapshotDirectory", "./snapshots"}, {"SnapshotMaxFiles", "4"}},
      [&](StarvedDaemon& d) {
        REQUIRE(eventually([&] { return look(d.daemon).at("users").empty(); }));  // that of the time before is gone
        Scene scene{Peer::to_unix(d.daemon.dir() / "app.sock"), asked(d.daemon)};
        const daemon::Fd memory(file.descriptor());
        REQUIRE(scene.app.send(encoded(local::Hello{}) + registration()));
        REQUIRE(scene.app.send_with(
            encoded(local::Recorder{proto::recorder::version, file.segment_size(), file.size()}), memory.get()));
        REQUIRE(scene.app.send(encoded(local::SnapshotRequest{1, "first"})));
        REQUIRE(eventually([&] { return asked(d.daemon) > scene.asked; }));
        return scene;
      },
      [&](StarvedDaemon& d, const Scene& scene, int) {
        const auto before = snapshots_in(d.daemon.dir() / "snapshots");
        d.daemon.process().send(SIGUSR1);
        static_cast<void>(eventually(
            [&] { return snapshots_in(d.daemon.dir() / "snapshots") != before || d.memory.refused() != 0; }));
        d.memory.give();
        return eventually([&] { return asked(d.daemon) >= scene.asked + 2; });
      },
      [&](StarvedDaemon& d, Scene& scene) {
        const int now = asked(d.daemon);
        d.daemon.process().send(SIGUSR1);
        const bool goes_on = eventually([&] { return asked(d.daemon) > now; });  // perhaps once more
        // Else its end would be taken for a crash, whose snapshot counts at some time later.
        static_cast<void>(scene.app.send(encoded(local::Bye{})));
        return now >= scene.asked + 2 && goes_on;
      });
}

TEST_CASE("F33: a daemon without memory for its end ends, in time, with 0", "[F33]") {
  for (const bool all : {false, true}) {
    int n = 1;
    int refusals = 0;
    for (; n < more_than_there_are; ++n) {
      INFO("request " << n << (all ? " and all after it, for good" : ""));
      StarvedDaemon d({});
      const auto viewer = RawPeer::to_tcp(d.daemon.port());
      const auto app = RawPeer::to_unix(d.daemon.dir() / "app.sock");
      REQUIRE(app.send(registration() + log(frame(1))));
      REQUIRE(arrives(frame(1), viewer, app) == true);
      d.memory.arm(n, all);
      REQUIRE(app.send(numbered_batch(2, 100)));
      const auto code = d.daemon.stop();
      const auto refused_now = d.memory.disarm();
      INFO(d.daemon.log());
      REQUIRE(code == 0);
      if (refused_now == 0) break;
      ++refusals;
    }
    CHECK(refusals > 0);
    std::cout << "ending: " << refusals << " of about " << n - 1 << " requests of the daemon refused, each "
              << (all ? "with all after it" : "alone") << '\n';
  }
}

#endif
