// What the process with the micro benchmarks is asked, and what each of them found: lines of JSON.
#pragma once

#include <cstdint>
#include <string>

#include "harness/json.hpp"

namespace dlt::bench {

struct MicroPlan {
  std::string address;
  std::string run;
  double seconds = 0.1;  // of calls, for each benchmark
  unsigned repetitions = 3;
};
struct MicroResult {
  std::string name;
  double ns = 0, ns_min = 0, ns_max = 0;  // for each call: means, the median and range of the repetitions
  double p50 = 0, p99 = 0;                // for each call: of the averages of bursts
  std::uint64_t calls = 0;
  std::uint64_t allocations = 0;
  double wire_bytes = 0;  // of a message; 0: none is written
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MicroPlan, address, run, seconds, repetitions)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MicroResult, name, ns, ns_min, ns_max, p50, p99, calls, allocations, wire_bytes)

// As the last line, after the results: the library's books.
inline constexpr const char* micro_end = "end";

}  // namespace dlt::bench
