// A daemon that is refused memory (F33): each request once, for the n-th, until there is none, while a client, an
// application and a look at the status are served, and while it starts.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

#include <iostream>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"
#include "faults/starve/switch.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

const std::string preload = "LD_PRELOAD=" + std::string(DLT_FAULT_APPS) + "/starve.so";
constexpr int more_than_there_are = 5000;

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
  // How many requests were refused.
  std::int64_t disarm() {
    give();
    return shared_->refused;
  }

 private:
  starving::Switch* shared_;
};

struct StarvedDaemon {
  StarvedDaemon() : daemon(DLT_DAEMON), memory(daemon.dir() / "switch") {
    daemon.wrap({"env", preload, "STARVE_SWITCH=" + (daemon.dir() / "switch")});
    daemon.start();
  }

  Daemon daemon;
  StarveSwitch memory;
};

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
bool log_as_application(const Daemon& daemon, RawPeer& viewer, std::uint32_t number) {
  const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  const AppId id("A" + std::to_string(number % 1000));
  static_cast<void>(app.send(registration(id, {"CTX1", "CTX2"}) + log(frame(number, 0, id)) +
                             numbered_batch(number, 300) + log(frame(number, 0, "LAST"))));
  std::string heard;
  std::string answers;
  return eventually([&] {
    for (const RawPeer* peer : std::initializer_list<const RawPeer*>{&viewer, &app}) {
      pollfd readable{peer->fd(), POLLIN, 0};
      if (poll(&readable, 1, 1) != 1) continue;
      const auto some = peer->receive();
      if (some.empty()) return true;
      if (peer == &viewer) heard += some;
    }
    return heard.find("LAST") != std::string::npos;
  });
}
bool ask_for_status(const Daemon& daemon) {
  const auto peer = RawPeer::to_unix(daemon.dir() / "control.sock");
  if (!peer.send("status\n")) return true;
  for (;;) {
    errno = 0;
    if (peer.receive().empty()) return errno == 0 || errno == ECONNRESET;
  }
}

// Everything works again.
bool serves(const Daemon& daemon, std::uint32_t number) {
  auto viewer = RawPeer::to_tcp(daemon.port());
  std::string heard;
  if (!viewer.send(request(control::GetSoftwareVersion{}))) return false;
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

// `act` is done once for each n, and for each n and all after it; for every `step`th n.
template <class Act>
void fault_f33(const std::string& what, int step, Act&& act) {
  for (const bool all : {false, true}) {
    StarvedDaemon d;
    REQUIRE(serves(d.daemon, 0));
    int n = 1;
    int refusals = 0;
    for (; n < more_than_there_are; n += step) {
      INFO(what << ": request " << n << (all ? " and all after it" : ""));
      d.memory.arm(n, all);
      std::thread relief;  // peers that the daemon cannot even refuse wait until it can
      if (all)
        relief = std::thread([&] {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
          d.memory.give();
        });
      const bool ended = act(d.daemon, n);
      if (all) relief.join();
      const auto refused_now = d.memory.disarm();
      REQUIRE(d.daemon.process().running());
      INFO(d.daemon.log());
      REQUIRE(ended);
      REQUIRE(serves(d.daemon, static_cast<std::uint32_t>(n)));
      if (refused_now == 0) break;
      ++refusals;
    }
    CHECK(n < more_than_there_are);
    CHECK(eventually([&] { return look(d.daemon).at("clients").empty() && look(d.daemon).at("users").empty(); }));
    CHECK(d.daemon.stop() == 0);
    CHECK(refusals > 0);
    std::cout << what << ": " << refusals << " of about " << n - step << " requests of the daemon refused, each "
              << (all ? "with all after it" : "alone") << '\n';
  }
}

}  // namespace

TEST_CASE("F33: a daemon without memory for a client lives, and serves again", "[F33]") {
  fault_f33("a client", 1, [](const Daemon& daemon, int) { return ask_as_client(daemon); });
}

TEST_CASE("F33: a daemon without memory for an application lives, and serves again", "[F33]") {
  fault_f33("an application", 1, [](const Daemon& daemon, int n) {
    RawPeer viewer = RawPeer::to_tcp(daemon.port());
    return log_as_application(daemon, viewer, static_cast<std::uint32_t>(n));
  });
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
