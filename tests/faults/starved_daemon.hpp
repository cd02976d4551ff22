// A daemon that is refused memory (F33): each request once, for the n-th, until there is none, while something is asked
// of it. It lives, who asked is served or loses the connection, and afterwards everything works again.
//
// Of a test's own thread. Not with a sanitizer that brings an allocator of its own.
#pragma once

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

#include <iostream>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"
#include "faults/starve/switch.hpp"

namespace dlt::test {

inline const std::string preload = "LD_PRELOAD=" + std::string(DLT_FAULT_APPS) + "/starve.so";
inline constexpr int more_than_there_are = 5000;

// The switch of a program that runs with STARVE_SWITCH=FILE.
class StarveSwitch {
 public:
  explicit StarveSwitch(const std::string& file) {
    write_file(file, std::string(sizeof(starving::Switch), '\0'));
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    void* const p = ::mmap(nullptr, sizeof(starving::Switch), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (p == MAP_FAILED) throw std::runtime_error("cannot map " + file);
    shared_ = new (p) starving::Switch;
  }
  ~StarveSwitch() { ::munmap(shared_, sizeof *shared_); }
  StarveSwitch(const StarveSwitch&) = delete;
  StarveSwitch& operator=(const StarveSwitch&) = delete;

  void arm(int n, bool all = false) {
    shared_->left = n;
    shared_->all = all;
    shared_->refused = 0;
    shared_->armed = true;
  }
  // Any thread.
  void give() { shared_->armed = false; }
  // How many requests have been refused since it was armed.
  [[nodiscard]] std::int64_t refused() const { return shared_->refused; }
  std::int64_t disarm() {
    give();
    return refused();
  }

 private:
  starving::Switch* shared_;
};

struct StarvedDaemon {
  // `more` of the settings: paths are in the daemon's folder.
  explicit StarvedDaemon(const Daemon::Settings& more) : daemon(DLT_DAEMON), memory(daemon.dir() / "switch") {
    for (const auto& [key, value] : more) daemon.set(key, value.starts_with("./") ? daemon.dir() / value : value);
    daemon.wrap({"env", preload, "STARVE_SWITCH=" + (daemon.dir() / "switch")});
    daemon.start();
  }

  Daemon daemon;
  StarveSwitch memory;
  bool fresh = true;  // nothing has been done to it
};

// Whether `text` reaches `viewer`; false: one of the two connections is gone. Nothing: neither, until the deadline.
inline std::optional<bool> arrives(const std::string& text, const RawPeer& viewer, const RawPeer& app) {
  std::string heard;
  bool gone = false;
  const bool known = eventually([&] {
    for (const RawPeer* peer : {&viewer, &app}) {
      pollfd readable{peer->fd(), POLLIN, 0};
      if (poll(&readable, 1, 1) != 1) continue;
      const auto some = peer->receive();
      if (some.empty()) return gone = true;
      if (peer == &viewer) heard += some;
    }
    return heard.find(text) != std::string::npos;
  });
  return known ? std::optional(!gone) : std::nullopt;
}
// Its messages, read one by one, reach a viewer, or one of the two loses its connection; false: neither, until the
// deadline.
inline bool log_one_by_one(const Daemon& daemon) {
  const auto viewer = RawPeer::to_tcp(daemon.port());
  const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  for (std::uint32_t i = 0; i < 24; ++i) {
    const std::string message = frame(i, 800);
    static_cast<void>(app.send(log(message)));
    const auto arrived = arrives(message, viewer, app);
    if (arrived != true) return arrived.has_value();
  }
  return true;
}
// Everything works again.
inline bool serves(const Daemon& daemon, std::uint32_t number) {
  auto viewer = RawPeer::to_tcp(daemon.port());
  std::string heard;
  if (!viewer.send(request(proto::control::GetSoftwareVersion{}))) return false;
  while (heard.find("dlt-daemon") == std::string::npos) {
    const auto some = viewer.receive();
    if (some.empty()) return false;
    heard += some;
  }
  const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  if (!app.send(registration("GOOD", {"CTX1"}) + log(frame(number, 0, "GOOD")))) return false;
  for (std::string log; log.find("GOOD") == std::string::npos || log.find("CTX1") == std::string::npos;) {
    const auto some = viewer.receive();
    if (some.empty()) return false;
    log += some;
  }
  return look(daemon).at("pid").get<int>() > 0;
}

// Who has registered nothing has nothing: no id and no context of a connection that ended counts for its user.
inline bool users_have_nothing(const Daemon& daemon) {
  const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  return eventually([&] {
    const auto users = look(daemon).at("users");
    return users.size() == 1 && users[0].at("connections") == 1 && users[0].at("applications") == 0 &&
           users[0].at("contexts") == 0;
  });
}

// `prepare(daemon)` makes what is there before, while there is memory. `act(daemon, scene, n)` is done to that once for
// each n, and for each n and all after it until `relief_after`; for every `step`th n. `well(daemon, scene)`: whether
// what `act` was about has ended as it should, and works again.
template <class Prepare, class Act, class Well>
void fault_f33(const std::string& what, int step, const Daemon::Settings& settings, Prepare&& prepare, Act&& act,
               Well&& well, std::chrono::milliseconds relief_after = std::chrono::milliseconds(20)) {
  for (const bool all : {false, true}) {
    StarvedDaemon d(settings);
    REQUIRE(serves(d.daemon, 0));
    int n = 1;
    int refusals = 0;
    for (; n < more_than_there_are; n += step) {
      INFO(what << ": request " << n << (all ? " and all after it" : ""));
      auto scene = prepare(d);
      d.memory.arm(n, all);
      std::thread relief;  // peers that the daemon cannot even refuse wait until it can
      if (all)
        relief = std::thread([&] {
          std::this_thread::sleep_for(relief_after);
          d.memory.give();
        });
      bool ended = false;
      try {
        ended = act(d, scene, n);
      } catch (const std::exception& e) {  // it cannot even be connected to
        WARN(e.what());
      }
      if (all) relief.join();
      const auto refused_now = d.memory.disarm();
      INFO(d.daemon.log());
      REQUIRE(d.daemon.process().running());
      REQUIRE(ended);
      REQUIRE(serves(d.daemon, static_cast<std::uint32_t>(n)));
      REQUIRE(well(d, scene));
      if (refused_now == 0) break;
      ++refusals;
    }
    CHECK(n < more_than_there_are);
    CHECK(eventually([&] { return look(d.daemon).at("clients").empty() && look(d.daemon).at("users").empty(); }));
    CHECK(users_have_nothing(d.daemon));
    CHECK(d.daemon.stop() == 0);
    CHECK(refusals > 0);
    std::cout << what << ": " << refusals << " of about " << n - step << " requests of the daemon refused, each "
              << (all ? "with all after it" : "alone") << '\n';
  }
}
// Without a scene; what `act` is about works at first.
template <class Act, class Well>
void fault_f33(const std::string& what, int step, const Daemon::Settings& settings, Act&& act, Well&& well,
               std::chrono::milliseconds relief_after = std::chrono::milliseconds(20)) {
  fault_f33(
      what, step, settings,
      [&](StarvedDaemon& d) {
        if (std::exchange(d.fresh, false)) REQUIRE(well(d.daemon));
        return 0;
      },
      [&](StarvedDaemon& d, int, int n) { return act(d.daemon, n); },
      [&](StarvedDaemon& d, int) { return well(d.daemon); }, relief_after);
}
template <class Act>
void fault_f33(const std::string& what, int step, Act&& act) {
  fault_f33(what, step, {}, std::forward<Act>(act), [](const Daemon&) { return true; });
}

}  // namespace dlt::test
