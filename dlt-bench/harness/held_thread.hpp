// One thread of a process that we started, held by ptrace: it runs, executes one instruction, or stands still between
// two of them, while every other thread of that process goes on freely. (SIGSTOP would stop the whole process.)
//
//   running --breakpoint--> held --step--> held --run--> running
//
// A breakpoint is an int3 in the program's own code; a thread that meets one while nobody holds it dies. x86-64 Linux.
// All functions by the one thread that made the object; they throw BenchError where the kernel does not permit tracing.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>

#include "harness/child.hpp"

namespace dlt::bench {

class HeldThread {
 public:
  // Takes hold of a running thread, which goes on running.
  explicit HeldThread(pid_t thread);
  ~HeldThread();  // lets it run on
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;

  // Lets it run up to the next breakpoint and holds it behind that. False: the limit passed, it still runs.
  [[nodiscard]] bool run_to_breakpoint(Seconds limit);
  // Only while held:
  [[nodiscard]] std::uint64_t at() const;                   // address of the instruction that comes next
  [[nodiscard]] std::array<unsigned char, 8> code() const;  // its first bytes
  [[nodiscard]] bool at_breakpoint() const;
  void step();  // executes one instruction
  // Sends it a signal right here. The handler must end with a breakpoint; then the thread is back where it was. False:
  // the handler did not come to its end within the limit (it still runs: nothing but the end of the process helps).
  [[nodiscard]] bool interrupt(int signal, Seconds limit);

  // The thread is gone; this also lets its process end. True once; never waits.
  [[nodiscard]] bool ended();

 private:
  [[nodiscard]] std::optional<int> wait(Seconds limit);
  void resume(int request, int signal);
  void expect_trap();

  pid_t thread_;
  bool held_ = false;
  bool gone_ = false;
  int pending_ = 0;  // a signal that came meanwhile
};

// False where threads cannot be held: another processor, or a program under a sanitizer (whose runtime is part of what
// would be stepped through).
[[nodiscard]] bool can_hold_threads() noexcept;

}  // namespace dlt::bench
