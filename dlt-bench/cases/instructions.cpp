// What a log call executes, counted by callgrind: the same on every machine, and complete. Everything that ran inside the
// counted function is named in callgrind's file, so allocations, locks and system calls cannot hide.
#include <array>
#include <fstream>

#include <unistd.h>

#include "cases.hpp"
#include "harness/daemon.hpp"
#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/report.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t calls = 20'000;
constexpr const char* counted = "dlt_bench_counted_calls";

struct Profile {
  double instructions = 0;
  double system_calls = 0;
  std::vector<std::string> suspects;  // functions that allocate or lock
};

bool is_suspect(const std::string& function) {
  constexpr std::array<const char*, 10> names{"malloc", "calloc", "realloc", "operator new", "free", "mmap",
                                              "pthread_mutex", "pthread_cond", "pthread_rwlock", "lll_lock"};
  for (const char* name : names)
    if (function.find(name) != std::string::npos) return true;
  return false;
}

Profile read_profile(const std::filesystem::path& file) {
  Profile profile;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("summary:", 0) == 0 || line.rfind("totals:", 0) == 0) {
      std::istringstream(line.substr(line.find(':') + 1)) >> profile.instructions >> profile.system_calls;
    } else if (line.rfind("fn=", 0) == 0 || line.rfind("cfn=", 0) == 0) {
      const auto name = line.find(' ');
      if (name != std::string::npos && is_suspect(line.substr(name))) profile.suspects.push_back(line.substr(name + 1));
    }
  }
  if (profile.instructions == 0) throw BenchError("callgrind counted nothing");
  return profile;
}

Profile profile_calls() {
  const Scratch scratch;
  Daemon daemon = Daemon::start(Store::none, false);
  const std::string out = (scratch.path() / "callgrind.out").string();
  Child child = Child::start({{"valgrind", "--tool=callgrind", "--collect-systime=nsec", std::string("--toggle-collect=") + counted,
                               "--callgrind-out-file=" + out, worker_program(), "--worker", "calls"},
                              {},
                              (scratch.path() / "valgrind.log").string()});
  child.send(Json{{"calls", calls}, {"address", daemon.unix_address()}}.dump());
  const auto taken = std::stoull(child.receive(Seconds(120), [&] { daemon.check_alive(); }));
  if (taken != calls) throw BenchError("under callgrind only " + std::to_string(taken) + " calls of " + std::to_string(calls) + " were taken");
  (void)child.stop(0, Seconds(60));
  return read_profile(out);
}

bool have_valgrind() { return ::access("/usr/bin/valgrind", X_OK) == 0 || ::access("/usr/local/bin/valgrind", X_OK) == 0; }

}  // namespace

Numbers run_instructions(const Load&) {
  Numbers numbers;
  if (!have_valgrind()) {
    numbers.facts.emplace_back("instructions per log call", "not counted: valgrind is not installed");
    return numbers;
  }
  const Profile p = profile_calls();
  const auto exactly = [](double v) { return Spread{v, v, v}; };
  Criterion instructions{"instructions per log call (u64 + double + 12-byte string)", "", exactly(p.instructions / double(calls)), 75, 50, true, 0, false, ""};
  Criterion system_calls{"system calls in " + std::to_string(calls) + " log calls", "", exactly(p.system_calls), 0, {}, true, 0, false,
                         "wakes of a parked sender included"};
  Criterion suspects{"allocations and locks in " + std::to_string(calls) + " log calls", "functions", exactly(double(p.suspects.size())), 0, {}, true, 0, false, ""};
  for (const auto& name : p.suspects) suspects.remark += name + " ";
  numbers.criteria = {instructions, system_calls, suspects};
  return numbers;
}

}  // namespace dlt::bench
