// Files that are rotated and deleted while the daemon is told to reload and is restarted, again and again (F20), and a
// daemon that finds a torn file (F21).
#include <catch2/catch.hpp>

#include <signal.h>

#include <random>
#include <thread>

#include "faults/raw_app.hpp"
#include "faults/resources.hpp"
#include "faults/stored_numbers.hpp"
#include "support/daemon.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

constexpr std::uint64_t file_size = 16 << 10;
constexpr std::uint64_t max_size = 128 << 10;

Daemon::Settings storing(const TempDir& dir, const char* compression) {
  return {{"OfflineTraceDirectory", dir / "stored"},
          {"OfflineTraceCompression", compression},
          {"OfflineTraceFileSize", std::to_string(file_size)},
          {"OfflineTraceMaxSize", std::to_string(max_size)},
          {"OfflineTraceMaxFiles", "20"},
          {"OfflineTraceFlushInterval", "1"},
          {"OfflineTraceStallLimit", "60000"}};
}

// As a reader finds them at any moment between two rounds: within the limits, whole, without a gap or a repetition.
void check_files(const TempDir& dir) {
  const StoredNumbers stored = stored_in(dir / "stored");
  CHECK(stored.files <= 20);
  CHECK(stored.bytes <= max_size + file_size);
  CHECK(stored.without_gap());
  CHECK(stored.skipped == 0);
}

void written(const Daemon& daemon, std::uint64_t messages) {
  REQUIRE(eventually([&] { return status(daemon).storage.written == messages; }));
}

void restart_again_and_again(int rounds, const char* compression) {
  TempDir dir;
  Daemon daemon(DLT_DAEMON, storing(dir, compression));
  std::uint32_t next = 0;
  for (int round = 0; round < rounds; ++round) {
    daemon.start();
    RawApp app(daemon.dir() / "app.sock");
    app.skip_to(next);
    REQUIRE(app.send(300));
    next = app.next();
    written(daemon, 300);
    REQUIRE(daemon.stop() == 0);
    if (round % 10 == 9) check_files(dir);
  }
  check_files(dir);
  CHECK(stored_in(dir / "stored").numbers.back() == next - 1);
}

void reload_again_and_again(int rounds) {
  TempDir dir;
  auto settings = storing(dir, "1");
  settings["RingbufferMaxSize"] = "100k";  // full long before the memory is looked at
  Daemon daemon(DLT_DAEMON, settings);
  daemon.start();
  RawApp app(daemon.dir() / "app.sock");
  const std::string conf = read_file(daemon.dir() / "dlt-daemon.conf");
  Resources warm;
  for (int round = 0; round < rounds; ++round) {
    const std::string level = std::to_string(2 + round % 2);
    write_file(daemon.dir() / "dlt-daemon.conf", conf + "ContextLogLevel = " + level + "\nLoggingLevel = 4\n");
    daemon.process().send(SIGHUP);
    REQUIRE(app.send(100));
    written(daemon, app.next());
    if (round == rounds / 2) warm = resources_of(std::to_string(daemon.process().pid()));
  }
  const Resources end = resources_of(std::to_string(daemon.process().pid()));
  INFO("half way: " << warm.text() << "; at the end: " << end.text());
  CHECK(end.descriptors == warm.descriptors);
  CHECK(end.threads == warm.threads);
#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)
  CHECK(end.resident_kib < warm.resident_kib + 1024);
#endif
  REQUIRE(daemon.stop() == 0);
  check_files(dir);
  CHECK(stored_in(dir / "stored").numbers.back() == app.next() - 1);
}

}  // namespace

TEST_CASE("restarts neither tear nor repeat nor lose what is stored, and keep the limits", "[F20]") {
  restart_again_and_again(10, "0");
  restart_again_and_again(10, "1");
}
TEST_CASE("a thousand restarts keep what is stored whole and within its limits", "[F20][long]") {
  restart_again_and_again(500, "0");
  restart_again_and_again(500, "1");
}
TEST_CASE("reloads while files rotate cost nothing", "[F20]") { reload_again_and_again(50); }
TEST_CASE("a thousand reloads while files rotate cost nothing", "[F20][long]") { reload_again_and_again(1000); }

TEST_CASE("a daemon that was killed leaves whole messages, and its successor touches no torn file", "[F21]") {
  std::mt19937 random(Catch::rngSeed());
  for (const char* compression : {"0", "1"}) {
    TempDir dir;
    auto settings = storing(dir, compression);
    settings["OfflineTraceMaxSize"] = "1G";
    settings["OfflineTraceMaxFiles"] = "1000";
    Daemon daemon(DLT_DAEMON, settings);
    daemon.start();
    std::thread sender([&, app = std::make_shared<RawApp>(daemon.dir() / "app.sock")] { app->send(200'000); });
    const bool some = eventually([&] { return status(daemon).storage.written > 2'000; });
    daemon.kill();
    sender.join();
    REQUIRE(some);
    const StoredNumbers before = stored_in(dir / "stored");
    CHECK(before.without_gap());
    CHECK(before.numbers.size() > 2'000);

    // Tear the newest file somewhere.
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(dir / "stored"))
      files[entry.path()] = read_file(entry.path());
    auto& [name, bytes] = *files.rbegin();
    bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), random() % 500));
    write_file(name, bytes);
    const std::size_t left = stored_in(dir / "stored").numbers.size();

    daemon.start();
    RawApp app(daemon.dir() / "app.sock");
    app.skip_to(1'000'000);
    REQUIRE(app.send(500));
    written(daemon, 500);
    REQUIRE(daemon.stop() == 0);
    INFO("seed " << Catch::rngSeed());
    for (const auto& [old, content] : files) CHECK((read_file(old) == content));
    const StoredNumbers after = stored_in(dir / "stored");
    REQUIRE(after.numbers.size() == left + 500);
    CHECK(after.numbers[left] == 1'000'000);
    CHECK(after.rising());
  }
}

TEST_CASE("recovering writes what is whole as a plain file", "[F21]") {
  TempDir dir;
  Daemon daemon(DLT_DAEMON, storing(dir, "1"));
  daemon.start();
  RawApp app(daemon.dir() / "app.sock");
  REQUIRE(app.send(100));
  written(daemon, 100);
  REQUIRE(daemon.stop() == 0);
  const std::string file = std::filesystem::directory_iterator(dir / "stored")->path();
  write_file(file, "rubbish" + read_file(file) + "and more");
  const Outcome outcome = run({"sh", "-c", "\"$0\" --recover \"$1\" > \"$2\"", DLT_DAEMON, file, dir / "plain.dlt"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.find("100 messages, 15 bytes skipped") != std::string::npos);
  CHECK(read_file(dir / "plain.dlt").size() == 100 * (16 + 70));
  CHECK(run({DLT_DAEMON, "--recover", dir / "absent"}).code == 1);
}

}  // namespace dlt::test
