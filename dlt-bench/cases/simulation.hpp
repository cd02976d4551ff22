// Runs a workload with and without logging, in turns, and compares what its stored log says with what it counted
// itself. The cases sim-… and stress-cpu are such.
#pragma once

#include <functional>
#include <string>

#include "harness/crew_plan.hpp"
#include "harness/measure.hpp"

namespace dlt::bench {

struct Simulation {
  std::string case_name;
  std::string kind;     // of the workload
  std::string members;  // in words: "8 nodes of 2 threads"
  unsigned processes = 1;
  unsigned threads = 1;          // of a member
  std::uint64_t operations = 0;  // of a member
  std::string operation = "operations";
  // What the log says beyond the counters, for the row.
  std::function<std::string(const Counters& all)> story;
};

[[nodiscard]] Numbers simulate(const Load& load, Simulation simulation);

// "a call's p99.9 within 1 ms", "half of the calls within 1 µs", "nothing unaccounted": what every row is to reach.
void judge_calls(const Row& row, Numbers& numbers);

}  // namespace dlt::bench
