// A daemon that root starts with --user. Being two users needs root; what anybody may try is tried as anybody.
#include "drop_privileges.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "dlt-daemon/support/peers.hpp"
#include "dlt-daemon/support/program.hpp"
#include "support/child.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

constexpr uid_t nobody = 65534;  // with the group nogroup, of the same number

// A folder in which the user may make files, as /run/dlt is.
struct OthersDir {
  TempDir dir;
  OthersDir() {
    REQUIRE(::chown(dir.path().c_str(), nobody, nobody) == 0);
    write_file(dir / "dlt.conf", "BindAddress = 127.0.0.1\nOfflineTraceFlushInterval = 1\n");
  }
  [[nodiscard]] std::vector<std::string> command(const std::string& user) const {
    return {program(),     "--config",   dir / "dlt.conf", "--app-socket", dir / "app.sock", "--port", "0",
            "--port-file", dir / "port", "--storage-dir",  dir / "stored", "--user",         user};
  }
};

uid_t owner(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_uid : 0xffff'ffff;
}

// The words after `field` in /proc/PID/task/*/status: of every thread, without repeats.
std::vector<std::string> of_every_thread(pid_t pid, const std::string& field) {
  std::vector<std::string> all;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream in(task.path() / "status");
    for (std::string line; std::getline(in, line);)
      if (line.rfind(field + ":", 0) == 0 && std::find(all.begin(), all.end(), line) == all.end()) all.push_back(line);
  }
  return all;
}

bool is_root() {
  if (::geteuid() == 0) return true;
  skip("it takes root to become somebody else");
  return false;
}

}  // namespace

TEST_CASE("a daemon that root starts for a user is that user in every thread, for good, and serves, stores, reloads") {
  if (!is_root()) return;
  const OthersDir d;
  Child child({d.command("nobody"), {}, "", d.dir / "log", false});
  REQUIRE(eventually([&] { return std::filesystem::exists(d.dir / "port"); }));

  CHECK(of_every_thread(child.pid(), "Uid") == std::vector<std::string>{"Uid:\t65534\t65534\t65534\t65534"});
  CHECK(of_every_thread(child.pid(), "Gid") == std::vector<std::string>{"Gid:\t65534\t65534\t65534\t65534"});
  CHECK(of_every_thread(child.pid(), "CapPrm") == std::vector<std::string>{"CapPrm:\t0000000000000000"});
  std::uint16_t port = 0;
  std::ifstream(d.dir / "port") >> port;
  Peer app = Peer::to_unix(d.dir / "app.sock");
  FrameClient client(port);
  REQUIRE(app.send(log(frame(11))));
  CHECK(client.number() == 11);
  CHECK(eventually([&] { return !std::filesystem::is_empty(d.dir / "stored"); }));
  for (const auto& file : std::filesystem::directory_iterator(d.dir / "stored")) CHECK(owner(file.path()) == nobody);
  for (const auto* name : {"app.sock", "app.sock.lock", "control.sock", "control.sock.lock", "stored", "port"})
    CHECK(owner(d.dir / name) == nobody);

  child.send(SIGHUP);
  CHECK(child.stop(SIGTERM) == 0);
  CHECK_FALSE(std::filesystem::exists(d.dir / "app.sock"));
  CHECK_FALSE(std::filesystem::exists(d.dir / "control.sock"));
  CHECK_FALSE(std::filesystem::exists(d.dir / "port"));
}

TEST_CASE("what a daemon for a user leaves behind is no obstacle for the next one, whoever starts it") {
  if (!is_root()) return;
  const OthersDir d;
  for (const auto* user : {"nobody", "root", "nobody"}) {
    Child child({d.command(user), {}, "", d.dir / "log", false});
    REQUIRE(eventually([&] { return std::filesystem::exists(d.dir / "port"); }));
    CHECK(child.stop(SIGKILL) == 128 + SIGKILL);
    std::filesystem::remove(d.dir / "port");
  }
}

TEST_CASE("in a folder of root's nothing is given away, and the next daemon replaces what is left") {
  if (!is_root()) return;
  const OthersDir d;
  REQUIRE(::chown(d.dir.path().c_str(), 0, 0) == 0);
  auto command = d.command("nobody");
  command.erase(std::find(command.begin(), command.end(), "--port-file"),
                std::find(command.begin(), command.end(), "--storage-dir"));
  for (int i = 1; i <= 2; ++i) {
    Child child({command, {}, "", d.dir / "log", false});
    const auto serving = [&] {
      const auto log = read_file(d.dir / "log");
      int lines = 0;
      for (auto at = log.find("serving"); at != std::string::npos; at = log.find("serving", at + 1)) ++lines;
      return lines;
    };
    REQUIRE(eventually([&] { return serving() == i; }));
    CHECK(owner(d.dir / "app.sock.lock") == 0);
    CHECK(child.stop(SIGTERM) == 0);
    CHECK(std::filesystem::exists(d.dir / "app.sock"));
  }
}

TEST_CASE("a storage directory that is there is not given away") {
  if (!is_root()) return;
  const OthersDir d;
  std::filesystem::create_directory(d.dir / "stored");
  Child child({d.command("nobody"), {}, "", d.dir / "log", false});
  REQUIRE(eventually([&] { return std::filesystem::exists(d.dir / "port"); }));

  CHECK(owner(d.dir / "stored") == 0);
  Peer app = Peer::to_unix(d.dir / "app.sock");
  REQUIRE(app.send(log(frame(1))));
  CHECK(eventually([&] { return read_file(d.dir / "log").find("storage suspended") != std::string::npos; }));
}

TEST_CASE("a user that is not there ends the start with his name, and nothing is left") {
  const TempDir dir;
  const auto outcome = run({program(), "--config", "/dev/null", "--set", "BindAddress=127.0.0.1", "--port", "0",
                            "--app-socket", dir / "app.sock", "--user", "no-such-user"});
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("--user no-such-user: there is no such user") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir / "app.sock"));
}

TEST_CASE("only root can become another user") {
  if (!is_root()) return;
  const pid_t child = fork();
  if (child == 0) {
    if (::setresuid(nobody, nobody, nobody) != 0) _exit(3);
    const auto problem = daemon::drop_privileges("root", daemon::Config{});
    _exit(problem && problem->find("only root can become another user") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
