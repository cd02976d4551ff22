// How applications end (F17): every way, while threads log, with a daemon that serves, that is stopped, that is absent.
#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <iostream>
#include <map>
#include <vector>

#include "faults/victim.hpp"

namespace dlt::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t before = 1000;
constexpr std::uint32_t last_words = 9;
// A call that was running when the session ended may return true after the last look at its queue.
constexpr std::uint64_t running_calls = 1;

struct Way {
  const char* name;
  int code;
  bool flushes;      // the session ends with it: what was accepted arrives
  bool talks_after;  // a destructor has a last word
};
const std::vector<Way> ways{
    {"return", 0, true, false},
    {"exit", 0, true, false},
    {"exit in a thread", 0, true, false},
    {"_exit", 0, false, false},
    {"quick_exit", 0, false, false},
    {"abort", 128 + SIGABRT, false, false},
    {"terminate", 128 + SIGABRT, false, false},
    {"end of the session", 0, true, false},
    {"static destructor", 0, true, true},
    {"thread_local destructor", 0, true, true},
    {"thread_local destructor of main", 0, true, true},
    {"flush meanwhile", 0, true, false},
};

// Per thread the numbers must come without a gap, none twice.
struct Arrived {
  std::map<std::uint32_t, std::uint64_t> count;
  std::uint64_t wrong = 0;
};

// An application that ends in a way, as far as its owner has let it go.
class Ending {
 public:
  Ending(const Daemon& daemon, const std::string& way, const std::string& flush_ms, bool served)
      : witness_(dir_ / "witness"), child_([&] {
          std::map<std::string, std::string> environment{{"DLT_DAEMON_ADDRESS", daemon.address()}};
          if (!served) environment.emplace("ENDING_WITHOUT_DAEMON", "1");
          return Child::Setup{.command = {std::string(DLT_FAULT_APPS) + "/ending", way, dir_ / "witness", flush_ms},
                              .environment = environment,
                              .out = dir_ / "out",
                              .err = dir_ / "err",
                              .with_input = true};
        }()) {
    INFO(said());
    REQUIRE(heard("ready"));
    if (served) REQUIRE(heard("flushed 1"));
  }

  // Its exit code; the time from "ending" on is printed, for there is no limit that a loaded machine always holds.
  int end(const std::string& what) {
    child_.say("go");
    REQUIRE(heard("ending"));
    const auto from = Clock::now();
    const auto code = child_.wait();
    INFO(what << ": " << said());
    REQUIRE(code.has_value());
    std::cout << what << ": " << std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from).count()
              << " ms\n";
    return *code;
  }
  [[nodiscard]] const Witness& witness() const { return witness_; }
  [[nodiscard]] std::string said() const { return read_file(dir_ / "out") + read_file(dir_ / "err"); }

 private:
  [[nodiscard]] bool heard(const std::string& line) {
    return eventually([&] { return read_file(dir_ / "out").find(line + "\n") != std::string::npos; });
  }

  TempDir dir_;
  Witness witness_;
  Child child_;
};

// Waits until everything of `ending` that must come has come. The client reads all the while: else the application,
// which waits for room, could not end before its flush has reached its limit.
Arrived wait_for_all(Reader& reader, const Ending& ending, bool all) {
  const auto count = [&](std::uint32_t t) { return reader.line("ENDS", t).count; };
  CHECK(eventually([&] {
    if (count(0) < before) return false;
    for (std::uint32_t t = 1; all && t <= last_words; ++t)
      if (count(t) + (t < last_words ? running_calls : 0) < ending.witness().accepted(t)) return false;
    return true;
  }));
  Arrived arrived;
  for (std::uint32_t t = 0; t <= last_words; ++t) {
    const Reader::Line line = reader.line("ENDS", t);
    arrived.count[t] = line.count;
    arrived.wrong += line.wrong;
  }
  return arrived;
}

}  // namespace

TEST_CASE("an application ends in each way while threads log, and the daemon has what was flushed", "[F17]") {
  const Way way = GENERATE(from_range(ways));
  CAPTURE(way.name);
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Reader reader(daemon.port());
  Ending ending(daemon, way.name, "60000", true);

  CHECK(ending.end(std::string(way.name) + ", daemon up") == way.code);

  const Arrived arrived = wait_for_all(reader, ending, way.flushes);
  CHECK(arrived.wrong == 0);
  for (std::uint32_t t = 0; t <= last_words; ++t) {
    CAPTURE(t);
    const auto got = arrived.count.at(t);
    CHECK(got <= ending.witness().accepted(t) + 1);
    if (way.flushes) CHECK(got + running_calls >= ending.witness().accepted(t));
  }
  CHECK(ending.witness().accepted(last_words) == (way.talks_after ? 1 : 0));
}

TEST_CASE("an application ends in each way with a daemon that is stopped, and what was flushed is not lost", "[F17]") {
  const Way way = GENERATE(from_range(ways));
  CAPTURE(way.name);
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Reader reader(daemon.port());
  Ending ending(daemon, way.name, "500", true);
  daemon.process().send(SIGSTOP);

  CHECK(ending.end(std::string(way.name) + ", daemon stopped") == way.code);
  daemon.process().send(SIGCONT);

  CHECK(wait_for_all(reader, ending, false).wrong == 0);
}

TEST_CASE("an application ends in each way without a daemon", "[F17]") {
  const Way way = GENERATE(from_range(ways));
  CAPTURE(way.name);
  const Daemon nobody(DLT_DAEMON);  // never started
  Ending ending(nobody, way.name, "500", false);

  CHECK(ending.end(std::string(way.name) + ", no daemon") == way.code);

  CHECK(ending.witness().accepted(0) == before);
}

}  // namespace dlt::test
