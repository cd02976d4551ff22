// A crew of processes that log standard messages into the crew's daemon, by one plan.
#pragma once

#include <functional>

#include "harness/crew.hpp"

namespace dlt::bench {

struct Producers {
  unsigned processes = 1;
  ProducePlan plan;                          // address and run are filled in
  bool tcp = false;                          // they come by TCP
  std::function<void(Crew&)> before = {};    // everybody is ready, nobody has begun
  std::function<void(Crew&)> produced = {};  // the last call is over, nothing is flushed yet
  std::function<void()> watch = {};          // about ten times a second
};

// Faults stand in the sample. Its call times: the median of the processes' p50 and p90, of the rest the worst process.
[[nodiscard]] Sample produce_together(Crew& crew, const Producers& producers);

}  // namespace dlt::bench
