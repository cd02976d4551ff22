// What somebody planted where the daemon makes or replaces files (F23), and permissions that are wrong (F24): nothing
// outside the daemon's folders is touched, and the error names the path.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>

#include "faults/raw_app.hpp"
#include "support/daemon.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

constexpr uid_t stranger = 65534;
bool root() { return ::geteuid() == 0; }

// A folder of the daemon and, beside it, what must not change.
struct Place {
  TempDir dir;
  Place() {
    std::filesystem::create_directory(dir / "own");
    std::filesystem::create_directory(dir / "outside");
    write_file(dir / "outside/precious", "mine");
    ::chmod((dir / "outside/precious").c_str(), 0600);
    write_file(dir / "dlt.conf", "Port = 0\nBindAddress = 127.0.0.1\n");
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return dir / name; }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{DLT_DAEMON,       "--foreground", "--config",
                                   dir / "dlt.conf", "--app-socket", dir / "own/app.sock"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] bool untouched() const {
    struct stat info {};
    const auto entries = std::filesystem::directory_iterator(dir / "outside");
    return std::distance(begin(entries), end(entries)) == 1 && read_file(dir / "outside/precious") == "mine" &&
           ::stat((dir / "outside/precious").c_str(), &info) == 0 && (info.st_mode & 07777) == 0600;
  }
};

// Makes something at `path`; `precious` and `outside` are what a link may point to.
using Plant = std::function<void(const std::string& path, const Place& place)>;

void soft(const std::string& path, const Place& p) { std::filesystem::create_symlink(p / "outside/precious", path); }
void hard(const std::string& path, const Place& p) { std::filesystem::create_hard_link(p / "outside/precious", path); }
void fifo(const std::string& path, const Place&) { REQUIRE(::mkfifo(path.c_str(), 0666) == 0); }
void folder(const std::string& path, const Place&) { std::filesystem::create_directory(path); }
void foreign_soft(const std::string& path, const Place& p) {
  std::filesystem::create_symlink(p / "outside/precious", path);
  REQUIRE(::lchown(path.c_str(), stranger, stranger) == 0);
}
void foreign_link_to_folder(const std::string& path, const Place& p) {
  std::filesystem::create_directory_symlink(p / "outside", path);
  REQUIRE(::lchown(path.c_str(), stranger, stranger) == 0);
}
void foreign_folder(const std::string& path, const Place&) {
  std::filesystem::create_directory(path);
  REQUIRE(::chown(path.c_str(), stranger, stranger) == 0);
}
void open_folder(const std::string& path, const Place&) {
  std::filesystem::create_directory(path);
  REQUIRE(::chmod(path.c_str(), 0777) == 0);
}

struct Serving {
  Child child;
  Serving(const Place& p, const std::vector<std::string>& more)
      : child({.command = with_port_file(p, more), .out = p / "log", .err = p / "log"}) {
    REQUIRE(eventually([&] { return std::filesystem::exists(p / "own/port") || !child.running(); }));
    INFO(read_file(p / "log"));
    REQUIRE(child.running());
  }
  static std::vector<std::string> with_port_file(const Place& p, std::vector<std::string> more) {
    more.insert(more.end(), {"--port-file", p / "own/port"});
    return p.command(more);
  }
};

}  // namespace

TEST_CASE("nothing that was planted in place of a socket or a lock is opened, replaced or changed", "[F23]") {
  const std::vector<std::pair<std::string, Plant>> plants{
      {"symbolic link", soft}, {"hard link", hard}, {"fifo", fifo}, {"folder", folder}};
  int variants = 0;
  for (const std::string name :
       {"app.sock", "app.sock.new", "app.sock.lock", "control.sock", "control.sock.new", "control.sock.lock"})
    for (const auto& [kind, plant] : plants) {
      const Place place;
      plant(place / ("own/" + name), place);
      const Outcome outcome = run(place.command());
      INFO(kind << " at " << name << ": " << outcome.out);
      CHECK(outcome.code == 1);
      CHECK(outcome.out.find(place / ("own/" + name.substr(0, name.find(".new")))) != std::string::npos);
      CHECK(place.untouched());
      struct stat info {};
      CHECK(::lstat((place / ("own/" + name)).c_str(), &info) == 0);
      ++variants;
    }
  CHECK(variants == 24);
}

TEST_CASE("a link of a stranger on the way to the sockets leads nowhere", "[F23]") {
  if (!root()) {
    skip("only root can plant what belongs to somebody else");
    return;
  }
  const Place place;
  foreign_link_to_folder(place / "own/link", place);
  const Outcome outcome =
      run({DLT_DAEMON, "--config", place / "dlt.conf", "--app-socket", place / "own/link/app.sock"});
  INFO(outcome.out);
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find((place / "own/link") + " is a symbolic link of uid 65534") != std::string::npos);
  CHECK(place.untouched());
}

TEST_CASE("storage writes to no directory that somebody else planted or can change", "[F23][F24]") {
  const std::vector<std::tuple<std::string, bool, Plant>> plants{{"fifo", false, fifo},
                                                                 {"link to a file", false, soft},
                                                                 {"hard link", false, hard},
                                                                 {"directory open to everybody", false, open_folder},
                                                                 {"foreign link to a file", true, foreign_soft},
                                                                 {"foreign link", true, foreign_link_to_folder},
                                                                 {"foreign directory", true, foreign_folder}};
  for (const auto& [kind, needs_root, plant] : plants) {
    if (needs_root && !root()) {
      skip("only root can plant a " + kind);
      continue;
    }
    const Place place;
    plant(place / "own/logs", place);
    Serving daemon(place, {"--storage-dir", place / "own/logs"});
    RawApp app(place / "own/app.sock");
    REQUIRE(app.send(10));
    INFO(kind);
    CHECK(eventually([&] { return read_file(place / "log").find("storage suspended") != std::string::npos; }));
    INFO(read_file(place / "log"));
    CHECK(read_file(place / "log").find("storage suspended: " + (place / "own/logs")) != std::string::npos);
    CHECK(daemon.child.stop() == 0);
    CHECK(read_file(place / "log").find("10 messages are not stored") != std::string::npos);
    CHECK(place.untouched());
  }
}

TEST_CASE("names of log files that are taken are passed over, links among old files are left alone", "[F23]") {
  const Place place;
  std::filesystem::create_directory(place / "own/logs");
  hard(place / "own/logs/dlt_00000001_20200101-000000.dlt", place);
  soft(place / "own/logs/dlt_00000002_20200101-000000.dlt", place);
  fifo(place / "own/logs/dlt_00000003_20200101-000000.dlt", place);
  folder(place / "own/logs/dlt_00000004_20200101-000000.dlt", place);
  // The next name, whatever second it is begun in.
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  for (int second = 0; second < 120; ++second) {
    const auto t = now + second;
    char name[64];
    std::strftime(name, sizeof name, "own/logs/dlt_00000002_%Y%m%d-%H%M%S.dlt", std::gmtime(&t));
    soft(place / name, place);
  }
  write_file(place / "own/logs/dlt_99999999999999999999_20200101-000000.dlt", "");
  write_file(place / "own/logs/dlt_18446744073709551615_20200101-000000.dlt", "");

  Serving daemon(place, {"--storage-dir", place / "own/logs", "--set", "OfflineTraceCompression=0", "--set",
                         "OfflineTraceFileSize=4096", "--set", "OfflineTraceMaxFiles=3"});
  RawApp app(place / "own/app.sock");
  REQUIRE(app.send(500));
  CHECK(daemon.child.stop() == 0);

  CHECK(place.untouched());
  CHECK(std::filesystem::is_symlink(place / "own/logs/dlt_00000002_20200101-000000.dlt"));
  CHECK(std::filesystem::is_fifo(place / "own/logs/dlt_00000003_20200101-000000.dlt"));
  std::size_t ours = 0;
  for (const auto& entry : std::filesystem::directory_iterator(place / "own/logs")) {
    struct stat info {};
    REQUIRE(::lstat(entry.path().c_str(), &info) == 0);
    if (!S_ISREG(info.st_mode) || info.st_size == 0 || info.st_nlink > 1) continue;
    ++ours;
    CHECK((info.st_mode & 0777) == 0640);
  }
  CHECK(ours > 0);
}

TEST_CASE("a port file replaces a link and does not follow it", "[F23]") {
  const Place place;
  soft(place / "own/port.new", place);
  Serving daemon(place, {});
  CHECK(place.untouched());
  CHECK(daemon.child.stop() == 0);
}

TEST_CASE("a configuration that others could have written is refused by name", "[F23][F24]") {
  const std::vector<std::tuple<std::string, bool, Plant>> plants{
      {"fifo", false, fifo},
      {"folder", false, folder},
      {"foreign link", true, foreign_soft},
      {"absent", false, [](const std::string&, const Place&) {}},
      {"writable by everybody", false, [](const std::string& path, const Place&) {
         write_file(path, "Port = 0\n");
         ::chmod(path.c_str(), 0666);
       }}};
  for (const auto& [kind, needs_root, plant] : plants) {
    if (needs_root && !root()) continue;
    const Place place;
    std::filesystem::remove(place / "dlt.conf");
    plant(place / "dlt.conf", place);
    const Outcome outcome = run(place.command());
    INFO(kind << ": " << outcome.out);
    CHECK(outcome.code == 1);
    CHECK(outcome.out.find(place / "dlt.conf") != std::string::npos);
    CHECK(place.untouched());
  }
}

TEST_CASE("a configuration that may not be read ends the daemon with its name", "[F24]") {
  if (!root()) {
    skip("only root can become somebody who may not read it");
    return;
  }
  const Place place;
  ::chmod(place.dir.path().c_str(), 0755);
  ::chmod((place / "dlt.conf").c_str(), 0600);
  std::vector<std::string> command{"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"};
  for (const auto& word : place.command()) command.push_back(word);
  const Outcome outcome = run(command);
  INFO(outcome.out);
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("cannot read " + (place / "dlt.conf") + ": Permission denied") != std::string::npos);
}

TEST_CASE("a group that does not exist is named", "[F24]") {
  const Place place;
  const Outcome outcome = run(place.command({"--set", "ApplicationSocketGroup=no-such-group"}));
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("there is no group 'no-such-group'") != std::string::npos);
}

TEST_CASE("an application that may not connect says so once, goes on, and costs next to nothing", "[F24]") {
  if (!root()) {
    skip("only root can become somebody who may not connect");
    return;
  }
  const Place place;
  ::chmod(place.dir.path().c_str(), 0755);
  ::chmod((place / "own").c_str(), 0755);
  Serving daemon(place, {"--set", "ApplicationSocketMode=0660"});
  const std::string seconds = "3";
  const Outcome outcome =
      run({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", DLT_FAULT_APPS "/refused", seconds},
          {{"DLT_DAEMON_ADDRESS", "unix:" + (place / "own/app.sock")}});
  INFO(outcome.out);
  CHECK(outcome.code == 0);
  const std::string warning = "libdlt-user: no permission to connect to " + (place / "own/app.sock");
  const auto first = outcome.out.find(warning);
  REQUIRE(first != std::string::npos);
  CHECK(outcome.out.find(warning, first + 1) == std::string::npos);
  const auto cpu = outcome.out.find("cpu_us ");
  REQUIRE(cpu != std::string::npos);
  // 15 tries in 3 s: a few milliseconds even on a slow machine; a loop without a pause would take seconds.
  CHECK(std::stoul(outcome.out.substr(cpu + 7)) < 300'000);
}

}  // namespace dlt::test
