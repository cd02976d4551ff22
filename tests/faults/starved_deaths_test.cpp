// A daemon that is refused memory (F33) while applications on the library lose their connection, are killed with
// messages that they have not sent, and crash with a flight recorder: what they had logged comes once or is counted,
// and each crash has its snapshot or is counted as failed.
#include <signal.h>

#include "faults/recorded_file.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/victim.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;

namespace {

// One application that logs until it is killed, and the daemon stands still meanwhile: so much is in its memory, in the
// socket and nowhere yet, the same each time.
struct Scene {
  TempDir dir;
  std::string name;
  std::unique_ptr<Witness> witness;
  std::unique_ptr<Child> app;
  std::unique_ptr<Client> viewer;
  std::uint64_t evicted_before = 0;
  // What viewers have got.
  std::uint64_t came = 0;
  std::uint64_t wrong = 0;  // out of order, or twice
  std::uint64_t next = 0;

  // Until `enough`, the viewer has lost its connection, or the limit.
  template <class Enough>
  void collect(Enough&& enough, std::chrono::milliseconds limit) {
    (void)viewer->read_until(
        [&](const ReceivedFrame& f) {
          const auto n = numbered(f);
          if (!n || f.extended.app.text() != name) return false;
          ++came;
          if (n->sequence < next) ++wrong;
          next = n->sequence + 1;
          return enough();
        },
        limit);
  }
};

std::uint64_t called(const Scene& scene) { return scene.witness->accepted(0) + scene.witness->refused(0); }

std::uint64_t evicted(const Daemon& daemon) {
  return look(daemon).at("backlog").at("evicted").at("messages").get<std::uint64_t>();
}

class Applications {
 public:
  explicit Applications(std::string program) : program_(std::move(program)) {}

  std::unique_ptr<Scene> start(const StarvedDaemon& d, std::uint64_t messages) {
    auto scene = std::make_unique<Scene>();
    scene->name = std::to_string(10'000 + ++number_).substr(1);
    scene->witness = std::make_unique<Witness>(scene->dir / "witness");
    std::map<std::string, std::string> environment = blocking;
    environment["DLT_DAEMON_ADDRESS"] = d.daemon.address();
    environment["DLT_RECORDER_LEVEL"] = "verbose";
    scene->app =
        std::make_unique<Child>(Child::Setup{.command = {std::string(DLT_FAULT_APPS) + "/" + program_,
                                                         scene->dir / "witness", scene->name, "1", "kill", "0", "0"},
                                             .environment = environment});
    scene->viewer = std::make_unique<Client>(d.daemon.port());
    scene->evicted_before = evicted(d.daemon);
    REQUIRE(eventually([&] { return called(*scene) >= messages; }));
    return scene;
  }

 private:
  std::string program_;
  int number_ = 0;
};

struct Books {
  std::uint64_t received = 0;  // of one application
  std::uint64_t lost = 0;
  bool connected = true;
};
Books books(const Daemon& daemon, const std::string& name) {
  const auto status = look(daemon);
  for (const auto& app : status.at("applications"))
    if (app.at("id") == name) {
      Books b{app.at("received").at("messages").get<std::uint64_t>(), 0, app.at("connected").get<bool>()};
      for (const auto& [cause, n] : app.at("lost").items()) b.lost += n.get<std::uint64_t>();
      return b;
    }
  return {};
}

// The snapshots that are there.
std::vector<std::string> look_into(const StarvedDaemon& d) { return snapshots_in(d.daemon.dir() / "snapshots"); }

// All that the application had logged, and at most one more, has come to viewers, in order and once, or is counted.
// `again`: what was counted, or has come, may come again: its connection ended, and it does not know.
bool all_has_arrived(const StarvedDaemon& d, Scene& scene, bool again = false) {
  if (!eventually([&] { return !books(d.daemon, scene.name).connected; }, std::chrono::seconds(15))) {
    WARN("the application is still connected: " << look(d.daemon).at("applications").dump());
    return false;
  }
  const std::uint64_t logged = scene.witness->accepted(0);
  const Books b = books(d.daemon, scene.name);
  const auto known = [&] { return scene.came + evicted(d.daemon) - scene.evicted_before + b.lost; };
  static_cast<void>(eventually(
      [&] {
        if (scene.viewer->ended()) scene.viewer = std::make_unique<Client>(d.daemon.port());
        const std::uint64_t wanted = b.received - (evicted(d.daemon) - scene.evicted_before);
        if (scene.came < wanted) scene.collect([&] { return scene.came >= wanted; }, std::chrono::milliseconds(100));
        return known() >= std::max(b.received, logged);
      },
      std::chrono::seconds(10)));
  const bool good = known() >= logged && (again || (scene.wrong == 0 && known() <= logged + 1));
  if (!good)
    WARN(logged << " logged, " << b.received << " received, " << scene.came << " came, " << b.lost << " lost, "
                << evicted(d.daemon) - scene.evicted_before << " evicted, " << scene.wrong << " out of order");
  return good;
}

}  // namespace

TEST_CASE("F33: a daemon without memory for what a killed application had logged lives, and nothing of it is lost",
          "[F33][salvage]") {
  Applications applications("witness");
  fault_f33(
      "a killed application", 1, patient,
      [&](StarvedDaemon& d) {
        auto scene = applications.start(d, 20);
        d.daemon.process().send(SIGSTOP);
        const auto then = called(*scene);
        std::uint64_t last = then;
        int still = 0;  // looks at which it stood: it may have no room for more, from the first on
        REQUIRE(eventually([&] {
          const auto now = called(*scene);
          still = now == std::exchange(last, now) ? still + 1 : 0;
          return now >= then + 8000 || still >= 50;
        }));
        scene->app->send(SIGKILL);
        REQUIRE(scene->app->wait().has_value());
        return scene;
      },
      [&](StarvedDaemon& d, const std::unique_ptr<Scene>& scene, int) {
        d.daemon.process().send(SIGCONT);
        const auto all = [&] { return scene->came >= called(*scene); };
        static_cast<void>(eventually([&] {
          if (!all()) scene->collect(all, std::chrono::milliseconds(5));
          return all() || scene->viewer->ended() || d.memory.refused() != 0;
        }));
        d.memory.give();
        return all_has_arrived(d, *scene);
      },
      [](StarvedDaemon&, const std::unique_ptr<Scene>&) { return true; });
}

TEST_CASE("F33: an application whose connection a daemon ends for want of memory sends again what had not arrived",
          "[F33]") {
  Applications applications("witness");
  fault_f33(
      "an application on the library", 1, patient, [&](StarvedDaemon& d) { return applications.start(d, 20); },
      [&](StarvedDaemon& d, const std::unique_ptr<Scene>& scene, int) {
        const auto then = called(*scene);
        static_cast<void>(eventually([&] {
          scene->collect([] { return false; }, std::chrono::milliseconds(5));
          return called(*scene) >= then + 3000 || scene->viewer->ended() || d.memory.refused() != 0;
        }));
        d.memory.give();
        // It goes on, by another connection where this one was ended.
        const auto more = called(*scene) + 3000;
        if (!eventually([&] {
              if (scene->viewer->ended()) scene->viewer = std::make_unique<Client>(d.daemon.port());
              scene->collect([] { return false; }, std::chrono::milliseconds(5));
              return called(*scene) >= more;
            }))
          return false;
        scene->app->send(SIGKILL);
        return scene->app->wait().has_value() && all_has_arrived(d, *scene, true);
      },
      [](StarvedDaemon&, const std::unique_ptr<Scene>&) { return true; });
}

TEST_CASE("F33: a daemon without memory for the snapshot of a crash takes it later, or counts that it failed",
          "[F33][recorder]") {
  Applications applications("recorded");
  struct Taken {
    int taken = 0;
    int failed = 0;
  } before;
  const auto taken = [](const StarvedDaemon& d) {
    const auto snapshots = look(d.daemon).at("snapshots");
    return Taken{snapshots.at("taken").get<int>(), snapshots.at("failed").get<int>()};
  };
  auto settings = patient;
  settings.insert({{"SnapshotDirectory", "./snapshots"}, {"SnapshotMaxFiles", "4"}});
  fault_f33(
      "a crash", 1, settings,
      [&](StarvedDaemon& d) {
        auto scene = applications.start(d, 20);
        before = taken(d);
        d.daemon.process().send(SIGSTOP);
        scene->app->send(SIGSEGV);
        REQUIRE(scene->app->wait() == 128 + SIGSEGV);
        return scene;
      },
      [&](StarvedDaemon& d, const std::unique_ptr<Scene>& scene, int) {
        const auto last = look_into(d);
        d.daemon.process().send(SIGCONT);
        static_cast<void>(eventually([&] {
          scene->collect([] { return false; }, std::chrono::milliseconds(2));
          return look_into(d) != last || d.memory.refused() != 0;
        }));
        d.memory.give();
        return eventually([&] {
          const Taken now = taken(d);
          return now.taken + now.failed == before.taken + before.failed + 1;
        });
      },
      [](StarvedDaemon&, const std::unique_ptr<Scene>&) { return true; });
}

#endif
