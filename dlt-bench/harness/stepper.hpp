// Walks one thread of a child process instruction by instruction, from one breakpoint in its code to the next, and
// counts: what a call really executes on this machine, with nothing left out. x86-64 Linux; the other threads run on.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace dlt::bench {

struct StepCounts {
  std::uint64_t instructions = 0;
  std::uint64_t system_calls = 0;
  std::uint64_t atomics = 0;                     // instructions with a lock prefix
  std::map<std::string, std::uint64_t> entered;  // how often which of the named functions was entered
};

// `functions`: addresses in the child, by name. The child runs freely before the first int3 and after the second one.
// Throws BenchError when tracing is not permitted or the child ends.
[[nodiscard]] StepCounts step_between_breakpoints(pid_t pid, const std::map<std::uint64_t, std::string>& functions,
                                                  void (*on_attached)(void*), void* argument);

}  // namespace dlt::bench
