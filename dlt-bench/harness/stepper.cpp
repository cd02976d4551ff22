#include "harness/stepper.hpp"

#include "harness/error.hpp"
#include "harness/held_thread.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned char lock_prefix = 0xf0;
constexpr Seconds patience{60};

}  // namespace

StepCounts step_between_breakpoints(pid_t pid, const std::map<std::uint64_t, std::string>& functions,
                                    void (*on_attached)(void*), void* argument) {
  HeldThread thread(pid);
  on_attached(argument);
  if (!thread.run_to_breakpoint(patience)) throw BenchError("a process that was to be stepped did not begin");
  StepCounts counts;
  for (; !thread.at_breakpoint(); thread.step()) {
    const auto c = thread.code();
    ++counts.instructions;
    if (c[0] == 0x0f && c[1] == 0x05) ++counts.system_calls;
    if (c[0] == lock_prefix || c[1] == lock_prefix) ++counts.atomics;
    if (const auto f = functions.find(thread.at()); f != functions.end()) ++counts.entered[f->second];
  }
  if (!thread.run_to_breakpoint(patience)) throw BenchError("a process that was stepped did not go on");
  return counts;
}

}  // namespace dlt::bench
