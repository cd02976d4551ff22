// What a log call executes. The thread is stepped through its calls one instruction at a time, on the real processor
// and in the real library, so that allocations, locks and system calls cannot hide. Callgrind counts the same beside
// it; there the first calls come before the library has calibrated the counter, and take the time from the kernel.
#include <array>
#include <fstream>
#include <sstream>

#include <unistd.h>

#include "cases.hpp"
#include "harness/daemon.hpp"
#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/report.hpp"
#include "harness/stepper.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t stepped_calls = 2'000;  // a chunk change among them
constexpr std::uint64_t callgrind_calls = 20'000;
constexpr const char* counted = "dlt_bench_counted_calls";

void check_taken(Child& child, std::uint64_t calls) {
  const auto taken = std::stoull(child.receive(Seconds(120)));
  if (taken != calls)
    throw BenchError("only " + std::to_string(taken) + " calls of " + std::to_string(calls) + " were taken");
}

std::string plan_for(const Daemon& daemon, std::uint64_t calls, bool stepped) {
  return Json{{"calls", calls}, {"address", daemon.unix_address()}, {"stepped", stepped}}.dump();
}

StepCounts step_calls() {
  Daemon daemon = Daemon::start(Store::none, false);
  Child child = start_worker("calls", plan_for(daemon, stepped_calls, true));
  std::map<std::uint64_t, std::string> functions;
  const Json addresses = Json::parse(child.receive(Seconds(20)));
  for (const auto& [name, address] : addresses.items()) functions[address.get<std::uint64_t>()] = name;
  const auto go = [](void* c) { static_cast<Child*>(c)->send("go"); };
  const StepCounts counts = step_between_breakpoints(child.pid(), functions, go, &child);
  check_taken(child, stepped_calls);
  return counts;
}

struct Profile {
  double instructions = 0;
  double in_clock = 0;  // of these, to ask the kernel for the time
};

// callgrind_annotate's way of reading is a program of its own; what is wanted here stands in the lines themselves:
// "fn=(id) name", then "line cost ..." of that function until the next fn.
Profile read_profile(const std::filesystem::path& file) {
  Profile profile;
  std::map<std::string, std::string> names;
  std::string function;
  bool call_cost = false;  // the line after "calls=" is the cost of the callee, counted there
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("fn=", 0) == 0) {
      const auto end = line.find(')');
      const std::string id = line.substr(3, end - 2);
      if (end + 2 < line.size()) names[id] = line.substr(end + 2);
      function = names[id];
    } else if (line.rfind("cfn=", 0) == 0) {
      const auto end = line.find(')');
      if (end + 2 < line.size()) names[line.substr(4, end - 3)] = line.substr(end + 2);
    } else if (line.rfind("calls=", 0) == 0) {
      call_cost = true;
    } else if (!line.empty() && (std::isdigit(static_cast<unsigned char>(line[0])) != 0 || line[0] == '+' ||
                                 line[0] == '-' || line[0] == '*')) {
      std::string position;
      double cost = 0;
      std::istringstream(line) >> position >> cost;
      if (!call_cost) profile.instructions += cost;
      if (!call_cost && (function.find("clock_gettime") != std::string::npos ||
                         function.find("stamp_from_clock") != std::string::npos))
        profile.in_clock += cost;
      call_cost = false;
    }
  }
  if (profile.instructions == 0) throw BenchError("callgrind counted nothing");
  return profile;
}

Profile profile_calls() {
  const Scratch scratch;
  Daemon daemon = Daemon::start(Store::none, false);
  const std::string out = (scratch.path() / "callgrind.out").string();
  Child child = Child::start({{"valgrind", "--tool=callgrind", std::string("--toggle-collect=") + counted,
                               "--callgrind-out-file=" + out, worker_program(), "--worker", "calls"},
                              {},
                              (scratch.path() / "valgrind.log").string()});
  child.send(plan_for(daemon, callgrind_calls, false));
  (void)child.receive(Seconds(120));
  child.send("go");
  check_taken(child, callgrind_calls);
  (void)child.stop(0, Seconds(60));
  return read_profile(out);
}

bool have_valgrind() {
  return ::access("/usr/bin/valgrind", X_OK) == 0 || ::access("/usr/local/bin/valgrind", X_OK) == 0;
}

std::string per_call(double n, std::uint64_t calls) { return human(n / static_cast<double>(calls)); }

}  // namespace

Numbers run_instructions(const Load&) {
  Numbers numbers;
  const StepCounts s = step_calls();
  std::uint64_t forbidden = 0;
  std::string which;
  for (const auto& [name, n] : s.entered) forbidden += n, which += name + " ";
  const auto exactly = [](double v) { return Spread{v, v, v}; };
  numbers.criteria = {{"instructions per log call (u64 + double + 12-byte string)", "",
                       exactly(static_cast<double>(s.instructions) / stepped_calls), 75, 50, true, 0,
                       per_call(static_cast<double>(s.atomics), stepped_calls) + " atomic; the loop included"},
                      {"allocations and locks in " + std::to_string(stepped_calls) + " log calls",
                       "",
                       exactly(static_cast<double>(forbidden)),
                       0,
                       {},
                       true,
                       0,
                       which},
                      {"system calls in " + std::to_string(stepped_calls) + " log calls",
                       "",
                       exactly(static_cast<double>(s.system_calls)),
                       0,
                       {},
                       true,
                       0,
                       "each a wake of a parked or napping sender"}};
  if (!have_valgrind()) {
    numbers.facts.emplace_back("callgrind", "valgrind is not installed");
    return numbers;
  }
  const Profile p = profile_calls();
  numbers.facts.emplace_back("callgrind, instructions per log call",
                             per_call(p.instructions - p.in_clock, callgrind_calls) + ", and " +
                                 per_call(p.in_clock, callgrind_calls) +
                                 " to ask the kernel for the time before the counter is calibrated");
  return numbers;
}

}  // namespace dlt::bench
