// dlt-bench as a whole: it passes with a good logger, and fails with each bad one and without its daemon.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <signal.h>

#include <thread>

#include "faults/raw_peer.hpp"
#include "harness/daemon.hpp"
#include "harness/worker.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::test;

namespace {

Outcome bench(std::vector<std::string> words) {
  words.insert(words.begin(), DLT_BENCH_PROGRAM);
  return run(words, {}, std::chrono::minutes(4));
}

// A file of /proc; empty when the process has just ended.
std::string looked_up(const std::string& path) {
  try {
    return read_file(path);
  } catch (const std::exception&) {
    return "";
  }
}

// The child processes of `parent` whose command line contains `word`.
std::vector<pid_t> children_with(pid_t parent, const std::string& word) {
  const std::string process = std::to_string(parent);
  std::istringstream pids(looked_up("/proc/" + process + "/task/" + process + "/children"));
  std::vector<pid_t> found;
  for (pid_t pid = 0; pids >> pid;)
    if (looked_up("/proc/" + std::to_string(pid) + "/cmdline").find(word) != std::string::npos) found.push_back(pid);
  return found;
}

// The value of an option of a process; empty where it has none.
std::string option_of(pid_t pid, const std::string& option) {
  const std::string words = looked_up("/proc/" + std::to_string(pid) + "/cmdline");
  const std::string before = option + std::string(1, '\0');
  const auto at = words.find(before);
  return at == std::string::npos ? "" : std::string(words.c_str() + at + before.size());
}

// Rubbish for the applications' socket of a daemon that may be ending.
void pollute(const std::string& path) {
  try {
    (void)RawPeer::to_unix(path).send(std::string(1000, '\xff'));
  } catch (const std::exception&) {
  }
}

}  // namespace

TEST_CASE("garbage that the daemon meets is a fault, at a client as in files") {
  TempDir dir;
  Child bench_process(
      {{DLT_BENCH_PROGRAM, "max-throughput", "--threads", "1", "--duration", "0.5", "--json", dir / "result.json"},
       {},
       dir / "out",
       dir / "err",
       false});
  // Each row has a daemon of its own; those of the search are rows as well where they have faults.
  while (bench_process.running()) {
    if (children_with(bench_process.pid(), "produce").empty()) continue;
    for (const pid_t daemon : children_with(bench_process.pid(), "daemon.conf"))
      pollute(std::filesystem::path(option_of(daemon, "--config")).parent_path() / "app.sock");
    std::this_thread::yield();
  }

  CHECK(bench_process.wait() == 1);
  const auto rows = nlohmann::json::parse(read_file(dir / "result.json")).at("rows");
  std::set<std::string> sinks;
  for (const auto& row : rows) {
    INFO(row.at("config").dump());
    CHECK(row.at("faults").dump().find("bytes of garbage") != std::string::npos);
    sinks.insert(row.at("config").at("sink").get<std::string>());
  }
  CHECK(sinks == std::set<std::string>{"1 client", "zstd file"});
}

TEST_CASE("a good logger closes its books, and the result says so") {
  TempDir dir;

  const Outcome outcome =
      bench({"concurrency-mpsc", "--messages", "5000", "--repeat", "2", "--json", dir / "result.json"});

  INFO(outcome.out);
  REQUIRE(outcome.code == 0);
  const auto j = nlohmann::json::parse(read_file(dir / "result.json"));
  const auto& row = j.at("rows").at(0);
  CHECK(j.at("good") == true);
  CHECK(row.at("accepted") == 20'000);
  CHECK(row.at("delivered") == 20'000);
  CHECK(row.at("delivered_bytes") == 20'000 * 69);
  CHECK(row.at("unaccounted") == 0);
  CHECK(row.at("repeats").size() == 2);
}

TEST_CASE("a logger that is wrong makes the run fail, and the reason is told") {
  const auto [logger, reason] = GENERATE(table<std::string, std::string>(
      {{"drops", "unaccounted"}, {"reorders", "out of order"}, {"repeats", "arrived twice"}, {"tears", "not theirs"}}));

  const Outcome outcome = bench({"concurrency-single", "--messages", "5000", "--repeat", "1", "--logger", logger});

  INFO(logger << "\n" << outcome.out);
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find(reason) != std::string::npos);
}

TEST_CASE("a logger that is wrong makes the run fail without a client as well") {
  const Outcome outcome =
      bench({"concurrency-scale", "--threads", "1", "--messages", "5000", "--repeat", "1", "--logger", "drops"});

  INFO(outcome.out);
  CHECK(outcome.code == 1);
}

TEST_CASE("a daemon that is killed during the run ends the run with a message") {
  TempDir dir;
  Child bench_process({{DLT_BENCH_PROGRAM, "concurrency-scale", "--threads", "1", "--duration", "30", "--repeat", "1"},
                       {},
                       dir / "out",
                       dir / "err",
                       false});
  REQUIRE(eventually([&] { return !children_with(bench_process.pid(), "produce").empty(); }));
  const auto daemons = children_with(bench_process.pid(), "--foreground");
  REQUIRE(daemons.size() == 1);

  ::kill(daemons[0], SIGKILL);

  CHECK(bench_process.wait() == 1);
  CHECK(read_file(dir / "err").find("daemon is gone (signal 9)") != std::string::npos);
}

TEST_CASE("a running daemon that is killed during the run ends the run with a message as well") {
  TempDir dir;
  dlt::bench::set_worker_program(DLT_BENCH_PROGRAM);
  Child daemon({{dlt::bench::find_daemon(), "--config", "/dev/null", "--app-socket", dir / "app.sock",
                 "--control-socket", dir / "control.sock", "--port", "0", "--foreground"},
                {},
                "",
                dir / "log",
                false});
  REQUIRE(eventually([&] { return std::filesystem::exists(dir / "control.sock"); }));
  Child bench_process({{DLT_BENCH_PROGRAM, "concurrency-single", "--rate", "1000", "--messages", "100000", "--repeat",
                        "1", "--daemon", "unix:" + (dir / "app.sock")},
                       {},
                       dir / "out",
                       dir / "err",
                       false});
  REQUIRE(eventually([&] { return !children_with(bench_process.pid(), "produce").empty(); }));

  daemon.send(SIGKILL);
  (void)daemon.wait();

  CHECK(bench_process.wait() == 1);
  CHECK(read_file(dir / "err").find("the daemon is gone") != std::string::npos);
}

TEST_CASE("a daemon that is not there is told with exit code 1") {
  TempDir dir;

  const Outcome outcome = bench({"concurrency-single", "--daemon", "unix:" + (dir / "nobody.sock")});

  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("no daemon answers") != std::string::npos);
}

TEST_CASE("a usage error is exit code 2, and help is 0") {
  CHECK(bench({"no-such-case"}).code == 2);
  CHECK(bench({"--help"}).code == 0);
  CHECK(bench({}).code == 0);
  CHECK(bench({"list"}).out.find("roofline") != std::string::npos);
}

TEST_CASE("files that cannot be written or read are told before anything is measured") {
  TempDir dir;
  write_file(dir / "rubbish.json", "{");
  const auto [option, file, word] = GENERATE(
      table<std::string, std::string, std::string>({{"--json", "no/such/folder.json", "cannot write"},
                                                    {"--html", "", "cannot write"},  // a folder
                                                    {"--baseline", "nothing.json", "cannot read"},
                                                    {"--baseline", "rubbish.json", "not a result of dlt-bench"}}));

  const Outcome outcome = bench({"concurrency-single", "--messages", "100", "--repeat", "1", option, dir / file});

  INFO(option << " " << file << "\n" << outcome.out);
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find(word) != std::string::npos);
  CHECK(outcome.out.find("unaccounted") == std::string::npos);  // no table
}
