// The daemon as a service of the type notify, with a socket of the test's own in systemd's place.
#include "notify.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "dlt-daemon/support/notify_socket.hpp"
#include "dlt-daemon/support/peers.hpp"
#include "dlt-daemon/support/program.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

constexpr auto watchdog = std::chrono::milliseconds(200);

struct Service {
  TempDir dir;
  NotifySocket systemd{dir / "notify"};
  Child child;

  explicit Service(bool watched = true) : child({command(), environment(watched), "", dir / "log", false}) {}

  std::vector<std::string> command() {
    write_file(dir / "dlt.conf", "BindAddress = 127.0.0.1\nPort = 0\n");
    return {program(), "--config", dir / "dlt.conf", "--app-socket", dir / "app.sock"};
  }
  [[nodiscard]] std::map<std::string, std::string> environment(bool watched) const {
    std::map<std::string, std::string> e{{"NOTIFY_SOCKET", systemd.path()}};
    if (watched) e["WATCHDOG_USEC"] = std::to_string(std::chrono::microseconds(watchdog).count());
    return e;
  }
};

// One thread of a process stands still while the others go on.
class Stopped {
 public:
  explicit Stopped(pid_t thread) : thread_(thread) {
    if (ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0 ||
        ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) != 0)
      throw std::runtime_error("ptrace");
    int status = 0;
    waitpid(thread_, &status, __WALL);
  }
  ~Stopped() { ptrace(PTRACE_DETACH, thread_, nullptr, nullptr); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

 private:
  pid_t thread_;
};

}  // namespace

TEST_CASE("systemd is told when the daemon serves, that it lives, and that it ends") {
  Service s;

  CHECK(s.systemd.next() == "READY=1\nSTATUS=applications: 0, clients: 0, messages received: 0");
  CHECK(s.systemd.next() == "WATCHDOG=1");
  CHECK(s.systemd.next() == "WATCHDOG=1");

  s.child.send(SIGTERM);
  CHECK(s.systemd.next_with("STOPPING=1").find("STATUS=") != std::string::npos);
  CHECK(s.child.wait() == 0);
}

TEST_CASE("the status that systemd shows follows what the daemon does") {
  Service s;
  REQUIRE(!s.systemd.next_with("READY=1").empty());
  Peer app = Peer::to_unix(s.dir / "app.sock");
  REQUIRE(app.send(log(frame(5))));

  CHECK(s.systemd.next_with("messages received: 1") == "STATUS=applications: 1, clients: 0, messages received: 1");
}

TEST_CASE("without a watchdog nothing is told to one") {
  Service s(false);
  CHECK(s.systemd.next().find("READY=1") == 0);
  CHECK(s.systemd.next(3 * watchdog).empty());
}

TEST_CASE("the watchdog hears nothing while the io thread stands, and hears of it again when it goes on") {
  Service s;
  REQUIRE(!s.systemd.next_with("WATCHDOG=1").empty());
  {
    const Stopped io_thread(s.child.pid());
    s.systemd.forget();
    CHECK(s.systemd.next(3 * watchdog).empty());
  }
  CHECK(!s.systemd.next_with("WATCHDOG=1").empty());
}

TEST_CASE("systemd sees a reload begin and end, and whether the configuration was taken") {
  Service s;
  REQUIRE(!s.systemd.next_with("READY=1").empty());

  write_file(s.dir / "dlt.conf", "BindAddress = 127.0.0.1\nPort = 0\nContextLogLevel = 2\n");
  s.child.send(SIGHUP);
  CHECK(s.systemd.next_with("RELOADING=1").find("MONOTONIC_USEC=") != std::string::npos);
  CHECK(s.systemd.next_with("READY=1").find("STATUS=applications: 0") != std::string::npos);

  write_file(s.dir / "dlt.conf", "rubbish\n");
  s.child.send(SIGHUP);
  CHECK(!s.systemd.next_with("RELOADING=1").empty());
  CHECK(s.systemd.next_with("READY=1").find("configuration has errors") != std::string::npos);

  write_file(s.dir / "dlt.conf", "BindAddress = 127.0.0.1\nPort = 0\n");
  s.child.send(SIGHUP);
  CHECK(!s.systemd.next_with("RELOADING=1").empty());
  CHECK(s.systemd.next_with("READY=1").find("errors") == std::string::npos);
}
