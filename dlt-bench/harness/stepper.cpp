#include "harness/stepper.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "harness/error.hpp"

namespace dlt::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw BenchError(std::string("cannot step a process: ") + what + ": " + std::strerror(errno));
}

// Waits for a SIGTRAP stop; passes other signals on.
void wait_trap(pid_t pid) {
  for (;;) {
    int status = 0;
    if (::waitpid(pid, &status, __WALL) != pid) fail("wait");
    if (!WIFSTOPPED(status)) throw BenchError("a process that was stepped ended");
    if (WSTOPSIG(status) == SIGTRAP) return;
    if (::ptrace(PTRACE_CONT, pid, nullptr, WSTOPSIG(status)) != 0) fail("continue");
  }
}

#if defined(__x86_64__)
struct Code {
  unsigned char bytes[8];
};

std::uint64_t instruction_pointer(pid_t pid) {
  errno = 0;
  const long ip = ::ptrace(PTRACE_PEEKUSER, pid, offsetof(user_regs_struct, rip), nullptr);
  if (errno != 0) fail("registers");
  return static_cast<std::uint64_t>(ip);
}

Code code_at(pid_t pid, std::uint64_t ip) {
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKTEXT, pid, ip, nullptr);
  if (errno != 0) fail("code");
  Code c{};
  std::memcpy(c.bytes, &word, sizeof c.bytes);
  return c;
}

constexpr unsigned char int3 = 0xcc, lock_prefix = 0xf0;

// Stands behind the first int3; ends in front of the second one.
StepCounts walk(pid_t pid, const std::map<std::uint64_t, std::string>& functions) {
  StepCounts counts;
  for (;;) {
    const std::uint64_t ip = instruction_pointer(pid);
    const Code c = code_at(pid, ip);
    if (c.bytes[0] == int3) return counts;
    ++counts.instructions;
    if (c.bytes[0] == 0x0f && c.bytes[1] == 0x05) ++counts.system_calls;
    if (c.bytes[0] == lock_prefix || c.bytes[1] == lock_prefix) ++counts.atomics;
    if (const auto f = functions.find(ip); f != functions.end()) ++counts.entered[f->second];
    if (::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) != 0) fail("step");
    wait_trap(pid);
  }
}
#endif

}  // namespace

StepCounts step_between_breakpoints([[maybe_unused]] pid_t pid,
                                    [[maybe_unused]] const std::map<std::uint64_t, std::string>& functions,
                                    [[maybe_unused]] void (*on_attached)(void*), [[maybe_unused]] void* argument) {
#if defined(__x86_64__)
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) fail("attach");
  on_attached(argument);
  wait_trap(pid);  // the first int3
  StepCounts counts = walk(pid, functions);
  if (::ptrace(PTRACE_CONT, pid, nullptr, nullptr) != 0) fail("continue");
  wait_trap(pid);  // the second int3 itself
  if (::ptrace(PTRACE_DETACH, pid, nullptr, nullptr) != 0) fail("detach");
  return counts;
#else
  throw BenchError("stepping is written for x86-64");
#endif
}

}  // namespace dlt::bench
