// Threads that log flat out, some of which are stopped inside a call for a while. The one thread that calls this holds
// them; a random number, the same in every run, chooses the instruction.
#pragma once

#include <string>
#include <vector>

#include "case.hpp"

namespace dlt::bench {

struct Stop {
  unsigned thread = 0;
  double from_s = 0, until_s = 0;  // after all threads ran freely for a while
};
using Stops = std::vector<Stop>;  // in the order of from_s; a thread at most once

struct StopResult {
  Sample sample;            // of the whole run, its books closed
  double before_per_s = 0;  // messages of all threads while none was stopped
  double others_per_s = 0;  // of the threads that ran, while some were stopped
  double delivered_per_s = 0;
  unsigned stood_still = 0;  // threads that should have run, and in some stretch of time logged nothing
  unsigned not_caught = 0;   // threads that never came to their next call, so they could not be stopped in it
};

// `after_first_message`: the only stopped thread stands still right behind its first message, before all else begins.
// `logger`: see make_suspended_logger. Throws BenchError.
[[nodiscard]] StopResult run_with_stops(const Load& load, const std::string& logger, unsigned threads,
                                        const Stops& stops, bool after_first_message);

}  // namespace dlt::bench
