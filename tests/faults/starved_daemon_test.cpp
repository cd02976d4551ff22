// A daemon that is refused memory (F33): each request once, for the n-th, until there is none, while a client, an
// application and a look at the status are served, while messages are stored, snapshots taken, a logstorage device
// comes and goes, and while it starts.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

#include <iostream>

#include "dlt-daemon/support/peers.hpp"
#include "faults/bystander.hpp"
#include "faults/looking.hpp"
#include "faults/starve/switch.hpp"
#include "support/recorder_file.hpp"

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
  // `more` of the settings: paths are in the daemon's folder.
  explicit StarvedDaemon(const Daemon::Settings& more) : daemon(DLT_DAEMON), memory(daemon.dir() / "switch") {
    for (const auto& [key, value] : more) daemon.set(key, value.starts_with("./") ? daemon.dir() / value : value);
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
// Whether `text` reaches `viewer`; false: one of the two connections is gone. Nothing: neither, until the deadline.
std::optional<bool> arrives(const std::string& text, const RawPeer& viewer, const RawPeer& app) {
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
// Its message reaches `viewer`, or it loses its connection, or the viewer does.
bool log_as_application(const Daemon& daemon, std::uint32_t number) {
  const auto viewer = RawPeer::to_tcp(daemon.port());
  const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  const AppId id("A" + std::to_string(number % 1000));
  static_cast<void>(app.send(registration(id, {"CTX1", "CTX2"}) + log(frame(number, 0, id)) +
                             numbered_batch(number, 300) + log(frame(number, 0, "LAST"))));
  return arrives("LAST", viewer, app).has_value();
}
// The same, for messages that are read one by one.
bool log_one_by_one(const Daemon& daemon) {
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
// Its snapshot is answered, then that which a client asks for, or who asks loses the connection.
bool take_snapshots(const Daemon& daemon) {
  namespace local = dlt::proto::local;
  RecorderFile file;
  file.segment(0, 0, 1, frame(0) + frame(1));
  auto app = Peer::to_unix(daemon.dir() / "app.sock");
  const dlt::daemon::Fd memory(file.descriptor());
  const auto answered = [](Peer& peer, const std::string& text) {
    for (std::string heard; heard.find(text) == std::string::npos;) {
      errno = 0;
      const auto some = peer.receive();
      if (some.empty()) return errno == 0 || errno == ECONNRESET;
      heard += some;
    }
    return true;
  };
  if (app.send(encoded(local::Hello{}) + registration()) &&
      app.send_with(encoded(local::Recorder{proto::recorder::version, file.segment_size(), file.size()}),
                    memory.get()) &&
      app.send(encoded(local::SnapshotRequest{1, "why"}))) {
    const std::string answer = encoded(local::SnapshotAnswer{}).substr(0, 8);  // magic and type
    if (!answered(app, answer)) return false;
  }
  auto client = Peer::to_tcp(daemon.port());
  if (!client.send(request(control::TakeSnapshot{}))) return true;
  const auto service = static_cast<std::uint32_t>(control::Service::snapshot);
  return answered(client, std::string(reinterpret_cast<const char*>(&service), sizeof service));
}
// The status that dlt-logstorage-ctrl would be given; 255: the connection is lost. Nothing: neither, until the
// deadline.
std::optional<std::uint8_t> ask_logstorage(const Daemon& daemon, std::uint8_t what) {
  auto peer = Peer::to_unix(daemon.dir() / "ctrl.sock");
  constexpr std::size_t size = 27;
  errno = 0;
  if (!peer.send(request(control::OfflineLogstorage{daemon.dir() / "usb", what}))) return 255;
  const std::string answer = peer.receive(size);
  if (answer.size() == size) return static_cast<std::uint8_t>(answer[size - 1]);
  if (errno == EAGAIN) return std::nullopt;
  return 255;
}
constexpr std::uint8_t disconnects = 0;
constexpr std::uint8_t connects = 1;
constexpr std::uint8_t syncs = 2;

bool use_logstorage(const Daemon& daemon) {
  if (!ask_logstorage(daemon, connects) || !log_one_by_one(daemon)) return false;
  return ask_logstorage(daemon, syncs) && ask_logstorage(daemon, disconnects);
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

// `act` is done once for each n, and for each n and all after it; for every `step`th n. `well`: whether what `act` was
// about works again.
template <class Act, class Well>
void fault_f33(const std::string& what, int step, const Daemon::Settings& settings, Act&& act, Well&& well) {
  for (const bool all : {false, true}) {
    StarvedDaemon d(settings);
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
      bool ended = false;
      try {
        ended = act(d.daemon, n);
      } catch (const std::exception& e) {  // it cannot even be connected to
        WARN(e.what());
      }
      if (all) relief.join();
      const auto refused_now = d.memory.disarm();
      INFO(d.daemon.log());
      REQUIRE(d.daemon.process().running());
      REQUIRE(ended);
      REQUIRE(serves(d.daemon, static_cast<std::uint32_t>(n)));
      REQUIRE(well(d.daemon));
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
template <class Act>
void fault_f33(const std::string& what, int step, Act&& act) {
  fault_f33(what, step, {}, std::forward<Act>(act), [](const Daemon&) { return true; });
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

TEST_CASE("F33: a daemon without memory for storage lives, and stores or counts each message", "[F33]") {
  const auto settings = Daemon::Settings{{"OfflineTraceDirectory", "./stored"},
                                         {"OfflineTraceCompression", "0"},
                                         {"OfflineTraceFileSize", "8192"},
                                         {"OfflineTraceFlushInterval", "1"}};
  fault_f33(
      "storage", 1, settings, [](const Daemon& daemon, int) { return log_one_by_one(daemon); },
      [](const Daemon& daemon) {
        return eventually([&] {
          const auto status = look(daemon);
          const auto& storage = status.at("storage");
          return storage.at("queued_bytes") == 0 && storage.at("state") == "writing" &&
                 storage.at("written").at("messages").get<std::uint64_t>() +
                         storage.at("dropped").at("messages").get<std::uint64_t>() ==
                     status.at("totals").at("received_messages").get<std::uint64_t>();
        });
      });
}

TEST_CASE("F33: a daemon without memory for snapshots lives, answers who asks, and makes the next ones", "[F33]") {
  const auto settings = Daemon::Settings{{"SnapshotDirectory", "./snapshots"}, {"SnapshotMaxFiles", "4"}};
  const auto taken = [](const Daemon& daemon) { return look(daemon).at("snapshots").at("taken").get<std::uint64_t>(); };
  fault_f33(
      "snapshots", 1, settings, [](const Daemon& daemon, int) { return take_snapshots(daemon); },
      [&](const Daemon& daemon) {
        const auto before = taken(daemon);
        return take_snapshots(daemon) && taken(daemon) > before;
      });
}

TEST_CASE("F33: a daemon without memory for a logstorage device lives, and connects it again", "[F33]") {
  const auto settings = Daemon::Settings{{"ControlSocketPath", "./ctrl.sock"}, {"OfflineLogstorageMaxDevices", "1"}};
  fault_f33(
      "logstorage", 1, settings,
      [](const Daemon& daemon, int) {
        std::filesystem::create_directory(daemon.dir() / "usb");
        write_file(daemon.dir() / "usb/dlt_logstorage.conf",
                   "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=now\nFileSize=8192\n"
                   "NOFiles=3\n"
                   "[FILTER2]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=later\nFileSize=8192\n"
                   "NOFiles=3\nSyncBehavior=ON_DEMAND\n");
        return use_logstorage(daemon);
      },
      [](const Daemon& daemon) {
        return ask_logstorage(daemon, connects) == 0 && ask_logstorage(daemon, disconnects) == 0 &&
               look(daemon).at("logstorage").empty();
      });
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
