// Something done at each instruction of a piece of code, by the processor's single-step trap: every place is tried in
// one process, without a debugger. What is done runs in a signal handler of the very thread.
//
// Sanitizers put code of their own, which is not for signal handlers, between the instructions; TSan delays handlers.
#pragma once

#if defined(__x86_64__) && !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)
#define DLT_CAN_SINGLE_STEP 1

#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <functional>

namespace dlt::test {

class SingleStep {
 public:
  // The handler of SIGTRAP is the process's; it was not set before.
  SingleStep() {
    struct sigaction action {};
    action.sa_sigaction = on_step;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, &before_);
  }
  ~SingleStep() { sigaction(SIGTRAP, &before_, nullptr); }
  SingleStep(const SingleStep&) = delete;
  SingleStep& operator=(const SingleStep&) = delete;

  // Runs `code` and, in front of its instruction number `at` (0 …), once `act`. False: it has no more than that.
  static bool run(std::uint64_t at, const std::function<void()>& code, const std::function<void()>& act) {
    steps = 0;
    act_at = at;
    what = &act;
    trap(true);
    code();
    trap(false);
    return steps > at;
  }

 private:
  static void on_step(int, siginfo_t*, void* interrupted) {
    if (steps++ != act_at) return;
    (*what)();
    constexpr greg_t trap_flag = 0x100;
    static_cast<ucontext_t*>(interrupted)->uc_mcontext.gregs[REG_EFL] &= ~trap_flag;  // it goes on without steps
  }
  static void trap(bool on) {
    if (on) asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    else asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
  }

  static inline thread_local std::uint64_t steps = 0;  // instructions so far
  static inline thread_local std::uint64_t act_at = 0;
  static inline thread_local const std::function<void()>* what = nullptr;
  struct sigaction before_ {};
};

}  // namespace dlt::test

#endif
