// The flight recorder: an application that dies leaves a file of its newest messages, also of those that were never
// sent; and the file is written when the application, a signal, the clock or a client asks for it.
#include <catch2/catch.hpp>

#include <signal.h>

#include <fstream>
#include <iostream>
#include <random>

#include "faults/recorded_file.hpp"
#include "faults/victim.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN) || defined(DLT_TEST_SMALL)
constexpr int rounds = 2;
#else
constexpr int rounds = 6;
#endif

constexpr std::size_t message_size = 26 + 8 + 12;  // headers, a u32, a u64

const std::map<std::string, std::string> recording{{"DLT_RECORDER_LEVEL", "verbose"}};

// A daemon that makes snapshots.
struct World {
  explicit World(const Daemon::Settings& more = {}) : daemon(DLT_DAEMON, patient) {
    daemon.set("SnapshotDirectory", directory());
    for (const auto& [key, value] : more) daemon.set(key, value);
    daemon.start();
  }
  [[nodiscard]] std::string directory() const { return daemon.dir() / "snapshots"; }
  [[nodiscard]] std::vector<std::string> files() const { return snapshots_in(directory()); }
  Child start(const TempDir& dir, const Victim& v, std::map<std::string, std::string> environment = recording,
              const std::string& out = {}) const {
    environment["DLT_DAEMON_ADDRESS"] = daemon.address();
    return Child({.command = {std::string(DLT_FAULT_APPS) + "/recorded", dir / v.app, v.app, std::to_string(v.threads),
                              v.ending, std::to_string(v.after), std::to_string(v.pause_us)},
                  .environment = environment,
                  .out = out,
                  .with_input = v.ending == "ask"});
  }
  Daemon daemon;
};

// A snapshot of the daemon's own recorder.
struct OwnFile {
  std::map<std::string, std::uint64_t> messages;  // by application
  std::vector<std::string> lines;                 // of the daemon
  std::uint64_t skipped = 0;
  std::uint64_t repeated = 0;

  explicit OwnFile(const std::string& path) {
    std::map<std::uint64_t, std::uint64_t> last;  // by thread
    daemon::Recovery recovery(true, [&](proto::Bytes record) {
      const auto m = proto::MessageView::parse(record.subspan(proto::storage_header_size));
      REQUIRE(m);
      const std::string app(m->extended().app.text());
      ++messages[app];
      auto arguments = m->arguments();
      const auto first = arguments.next();
      REQUIRE(first);
      if (app == "DLTD") {
        lines.emplace_back(std::get<proto::Text>(first->value).text);
        return;
      }
      const auto number = std::get<std::uint64_t>(arguments.next()->value);
      auto& before = last[std::get<std::uint64_t>(first->value)];
      repeated += number <= before && before != 0 ? 1 : 0;
      before = number;
    });
    const std::string bytes = read_file(path);
    recovery.feed(proto::as_bytes(bytes));
    recovery.end();
    skipped = recovery.skipped_bytes();
  }
  [[nodiscard]] bool said(const std::string& words) const {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(words) != std::string::npos; });
  }
};

std::string reason_of(const std::string& ending) {
  if (ending == "kill") return "crash-signal-9-SIGKILL";
  if (ending == "segv") return "crash-signal-11-SIGSEGV";
  if (ending == "abort" || ending == "terminate") return "crash-signal-6-SIGABRT";
  return "crash-exit-3";
}

struct Tally {
  std::uint64_t logged = 0;
  std::uint64_t kept = 0;
  std::uint64_t wrong = 0;
};

// Each thread's messages are an unbroken run that ends with its last call.
void check(Tally& tally, const RecordedFile& file, Witness& witness, std::uint32_t threads) {
  CHECK(file.skipped == 0);
  CHECK(file.disorder == 0);
  for (std::uint32_t t = 0; t < threads; ++t) {
    const std::uint64_t logged = witness.accepted(t);
    const auto found = file.numbers.find(t);
    const std::vector<std::uint64_t> numbers =
        found != file.numbers.end() ? found->second : std::vector<std::uint64_t>();
    INFO("thread " << t << " logged " << logged << ", kept " << numbers.size());
    tally.logged += logged;
    tally.kept += numbers.size();
    if (logged > 0) REQUIRE_FALSE(numbers.empty());
    std::uint64_t wrong = 0;
    for (std::size_t i = 1; i < numbers.size(); ++i) wrong += numbers[i] != numbers[i - 1] + 1;
    CHECK(wrong == 0);
    tally.wrong += wrong;
    if (numbers.empty()) continue;
    CHECK(numbers.back() + 1 >= logged);
    CHECK(numbers.back() <= logged);
    // All of them, or as many as the memory that was asked for holds, but for the ends of segments.
    CHECK((numbers.front() == 0 || numbers.size() * message_size >= (256 - 1) << 10));
  }
}

void crash_many(const std::string& ending, int n) {
  World world;
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  Tally tally;
  for (int i = 0; i < n; ++i) {
    const TempDir dir;
    Victim v{std::to_string(10'000 + i).substr(1), ending, 1 + static_cast<std::uint32_t>(random() % 4), 0, 0};
    v.pause_us = random() % 2 == 0 ? 0 : static_cast<long>(random() % 300);
    v.after = 1 + (v.pause_us == 0 ? random() % 50'000 : random() % 200);
    Witness witness(dir / v.app);
    Child child = world.start(dir, v);
    if (ending == "kill") {
      REQUIRE(eventually([&] { return witness.accepted(0) >= v.after; }));
      child.send(SIGKILL);
    }
    REQUIRE(child.wait().has_value());
    REQUIRE(eventually([&] { return world.files().size() == static_cast<std::size_t>(i) + 1; }));

    const std::string path = world.files().back();
    INFO(path);
    CHECK(path.find("-" + v.app + "-" + std::to_string(child.pid()) + "-") != std::string::npos);
    CHECK(path.find(reason_of(ending)) != std::string::npos);
    const RecordedFile file(path);
    check(tally, file, witness, v.threads);
    CHECK(file.note.find("application= " + v.app) != std::string::npos);
    CHECK(file.note.find("messages= " + std::to_string(file.messages - 1)) != std::string::npos);
    CHECK(file.note.find("broken_segments= 0") != std::string::npos);
    CHECK(converted(path) == file.messages);
  }
  CHECK(snapshots_in(world.directory()).size() == static_cast<std::size_t>(n));
  std::cout << n << " ends by " << ending << ": " << tally.logged << " messages logged, " << tally.kept
            << " in the files, " << tally.wrong << " twice, torn or out of order\n";
}

}  // namespace

TEST_CASE("an application that crashes leaves a file of its newest messages, each once, none torn", "[recorder]") {
  crash_many(GENERATE("kill", "segv", "abort", "exit", "terminate"), rounds);
}

TEST_CASE("100 crashes of each kind leave 100 files", "[recorder][long]") {
  crash_many(GENERATE("kill", "segv", "abort", "exit", "terminate"), 100);
}

TEST_CASE("messages above the level that is sent are in the file, and not in the stream", "[recorder]") {
  World world;
  Reader reader(world.daemon.port());
  const TempDir dir;
  const Victim v{"BELO", "kill", 1, 4'000, 0};
  Witness witness(dir / v.app);
  auto environment = recording;
  environment.insert(blocking.begin(), blocking.end());  // what is sent is not overwritten
  Child child = world.start(dir, v, environment);
  REQUIRE(eventually([&] { return witness.accepted(0) >= v.after; }));
  child.send(SIGKILL);
  REQUIRE(child.wait().has_value());
  REQUIRE(eventually([&] { return world.files().size() == 1; }));

  const RecordedFile file(world.files().back());
  Tally tally;
  check(tally, file, witness, 1);
  const auto sent = [&] { return reader.count(v.app); };
  const std::uint64_t all = witness.accepted(0);
  CHECK(eventually([&] { return status(world.daemon).received(v.app) >= (all + 3) / 4 - 1; }));
  REQUIRE(eventually([&] { return sent() >= status(world.daemon).received(v.app); }));
  CHECK(sent() <= all / 4 + 2);
}

TEST_CASE("without a recorder, or after an orderly end, nothing is left", "[recorder]") {
  World world;
  const TempDir dir;
  const Victim quiet{"QUIT", "ask", 1, 0, 100};
  Child orderly = world.start(dir, quiet);
  orderly.say("quit");
  REQUIRE(orderly.wait().has_value());
  const Victim v{"NONE", "kill", 1, 100, 0};
  Witness witness(dir / v.app);
  Child child = world.start(dir, v, {});
  REQUIRE(eventually([&] { return witness.accepted(0) >= v.after; }));
  child.send(SIGKILL);
  REQUIRE(child.wait().has_value());
  REQUIRE(eventually([&] { return !status(world.daemon).application(v.app).connected; }));

  CHECK(world.files().empty());
}

TEST_CASE("an application, its signal, its clock, a client and the daemon's signal ask for a file", "[recorder]") {
  World world;
  const TempDir dir;
  const Victim v{"ASKS", "ask", 2, 0, 50};
  auto environment = recording;
  environment["DLT_RECORDER_SIGNAL"] = std::to_string(SIGUSR2);
  environment["DLT_RECORDER_INTERVAL"] = "1";
  Child child = world.start(dir, v, environment, dir / "out");
  const auto made = [&](const std::string& reason) {
    return eventually([&] {
      for (const auto& path : world.files())
        if (path.find(reason + ".dlt.zst") != std::string::npos) return true;
      return false;
    });
  };

  child.say("snapshot 60000 brakes: 100 % hot/../cold");
  CHECK(made("Z-brakes-100-hot-cold"));
  CHECK(eventually([&] { return read_file(dir / "out").starts_with("at " + world.directory() + "/ECU1-ASKS-"); }));
  CHECK(made("Z-interval"));
  child.send(SIGUSR2);
  CHECK(made("Z-signal"));
  const Outcome asked = run({DLT_DAEMON, "control", "--snapshot", "-a", "ASKS", "-p", world.daemon.port_text()});
  CHECK(asked.code == 0);
  CHECK(made("Z-control"));
  CHECK(asked.out.find("Z-control") != std::string::npos);
  const Outcome nobody = run({DLT_DAEMON, "control", "--snapshot", "-a", "NOBO", "-p", world.daemon.port_text()});
  CHECK(nobody.code == 1);
  CHECK(nobody.out.find("no application that is connected has a flight recorder") != std::string::npos);
  world.daemon.process().send(SIGUSR1);
  CHECK(made("Z-SIGUSR1"));
  for (const auto& path : world.files()) {
    const RecordedFile file(path);
    INFO(path << " " << file.note);
    CHECK(file.skipped == 0);
    for (const auto& [thread, numbers] : file.numbers)
      for (std::size_t i = 1; i < numbers.size(); ++i) CHECK(numbers[i] == numbers[i - 1] + 1);
  }
  child.say("stats");
  CHECK(eventually([&] { return read_file(dir / "out").find("stats 1 ") != std::string::npos; }));
}

TEST_CASE("a daemon that is killed leaves what it received and what it said last, each message once", "[recorder]") {
  World world(Daemon::Settings{{"RecorderSize", "8M"}, {"LoggingLevel", "3"}});
  const auto left = [&] {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(world.daemon.dir() / ""))
      n += entry.path().filename().string().starts_with("app.sock.recorder-");
    return n;
  };
  std::string pid;
  for (std::size_t round = 1; round <= 3; ++round) {
    const TempDir dir;
    const Victim v{"TALK", "ask", 2, 0, 50};
    Witness witness(dir / v.app);
    Child app = world.start(dir, v, {});
    REQUIRE(eventually([&] { return status(world.daemon).received(v.app) >= 1000; }));
    pid = std::to_string(world.daemon.process().pid());
    const std::uint64_t before = status(world.daemon).received(v.app);
    world.daemon.kill();
    CHECK(left() == 1);
    app.send(SIGKILL);
    REQUIRE(app.wait().has_value());
    world.daemon.start();

    REQUIRE(eventually([&] { return world.files().size() == round; }));
    CHECK(eventually([&] { return left() == 1; }));  // that of the daemon that runs
    const std::string path = world.files().back();
    INFO(path);
    CHECK(path.find("/ECU1-DLTD-" + pid + "-") != std::string::npos);
    CHECK(path.find("-crash-died.dlt.zst") != std::string::npos);
    const OwnFile file(path);
    CHECK(file.skipped == 0);
    CHECK(file.repeated == 0);
    CHECK(file.messages.at(v.app) >= before);
    CHECK(file.said("serving applications at"));                             // information, which the log does not show
    CHECK(file.said("process " + std::to_string(app.pid()) + " of user "));  // below that
    CHECK(world.daemon.log().find("serving applications at") == std::string::npos);
  }
  REQUIRE(world.daemon.stop() == 0);
  CHECK(left() == 0);
}

TEST_CASE("files of the same moment and reason do not collide, and the oldest go beyond the limit", "[recorder]") {
  World world(Daemon::Settings{{"SnapshotMaxFiles", "3"}});
  const TempDir dir;
  std::vector<std::unique_ptr<Child>> apps;
  for (int i = 0; i < 2; ++i) {
    auto environment = recording;
    environment["DLT_DAEMON_ADDRESS"] = world.daemon.address();
    apps.push_back(std::make_unique<Child>(
        Child::Setup{.command = {std::string(DLT_FAULT_APPS) + "/recorded", dir / ("w" + std::to_string(i)), "SAME",
                                 "1", "ask", "0", "100"},
                     .environment = environment,
                     .out = dir / ("out" + std::to_string(i)),
                     .with_input = true}));
  }
  for (int i = 0; i < 4; ++i)
    for (auto& app : apps) app->say("snapshot 60000 same");
  const auto answers = [&] {
    std::size_t n = 0;
    for (int i = 0; i < 2; ++i) {
      const std::string out = read_file(dir / ("out" + std::to_string(i)));
      for (std::size_t at = out.find("at /"); at != std::string::npos; at = out.find("at /", at + 1)) ++n;
    }
    return n;
  };

  CHECK(eventually([&] { return answers() == 8; }));
  CHECK(eventually([&] { return world.files().size() == 3; }));
}

TEST_CASE("a snapshot says why it cannot be: no daemon, one that makes none, a directory that cannot be written",
          "[recorder]") {
  const TempDir dir;
  int asked = 0;
  const auto ask = [&](const std::string& address, const std::string& ms, const std::string& level) {
    const std::string out = dir / ("out" + std::to_string(++asked));
    Child child({.command = {std::string(DLT_FAULT_APPS) + "/recorded", dir / "w", "WHYN", "1", "ask", "0", "1000"},
                 .environment = {{"DLT_DAEMON_ADDRESS", address}, {"DLT_RECORDER_LEVEL", level}},
                 .out = out,
                 .with_input = true});
    child.say("snapshot " + ms + " why");
    REQUIRE(eventually([&] { return read_file(out).ends_with('\n'); }));
    return read_file(out);
  };

  CHECK(ask("unix:" + (dir / "nobody.sock"), "50", "debug") == "no no daemon was connected in time\n");
  Daemon without(DLT_DAEMON, patient);
  without.start();
  CHECK(ask(without.address(), "60000", "debug") == "no this daemon makes no snapshots\n");
  CHECK(ask(without.address(), "60000", "off") == "no there is no flight recorder: its level is off\n");
  std::ofstream(dir / "file") << "no directory";
  Daemon wrong(DLT_DAEMON, patient);
  wrong.set("SnapshotDirectory", dir / "file");
  wrong.start();
  CHECK(ask(wrong.address(), "60000", "debug") == "no " + (dir / "file") + " is not a directory\n");
}

}  // namespace dlt::test
