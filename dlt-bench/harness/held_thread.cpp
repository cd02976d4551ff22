#include "harness/held_thread.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <utility>

#include "harness/clock.hpp"
#include "harness/error.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned char int3 = 0xcc;
constexpr Seconds step_limit{20};  // an instruction may be a system call that waits

[[noreturn]] void fail(const char* what) {
  throw BenchError(std::string("cannot hold a thread: ") + what + ": " + std::strerror(errno));
}

}  // namespace

bool can_hold_threads() noexcept {
#if !defined(__x86_64__) || defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
  return false;
#else
  return true;
#endif
}

HeldThread::HeldThread(pid_t thread) : thread_(thread) {
  if (::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0) fail("attach");
}

HeldThread::~HeldThread() {
  if (gone_) return;
  if (!held_ && ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) == 0) {
    try {
      (void)wait(Seconds(1));
    } catch (const BenchError&) {
      return;  // it has ended meanwhile
    }
  }
  // Dead already: what is left of it must be fetched, or its process cannot end.
  if (::ptrace(PTRACE_DETACH, thread_, nullptr, pending_) != 0) (void)::waitpid(thread_, nullptr, __WALL | WNOHANG);
}

// Asks again and again: there is no wait for a child with a limit. Steps take microseconds, so it begins eagerly.
std::optional<int> HeldThread::wait(Seconds limit) {
  const double begin = now_s();
  for (unsigned tries = 0;; ++tries) {
    int status = 0;
    const pid_t found = ::waitpid(thread_, &status, __WALL | WNOHANG);
    if (found < 0) fail("wait");
    if (found == thread_) {
      if (!WIFSTOPPED(status)) {
        gone_ = true;
        throw BenchError("a thread that was held ended");
      }
      held_ = true;
      return WSTOPSIG(status);
    }
    if (tries < 1000) {
      ::sched_yield();
      continue;
    }
    if (now_s() - begin > limit.count()) return {};
    const timespec pause{0, 100'000};
    ::nanosleep(&pause, nullptr);
  }
}

void HeldThread::resume(int request, int signal) {
  if (::ptrace(static_cast<__ptrace_request>(request), thread_, nullptr, signal) != 0) fail("go on");
  held_ = false;
}

bool HeldThread::run_to_breakpoint(Seconds limit) {
  if (held_) resume(PTRACE_CONT, std::exchange(pending_, 0));
  for (;;) {
    const auto signal = wait(limit);
    if (!signal) return false;
    if (*signal == SIGTRAP) return true;
    resume(PTRACE_CONT, *signal);
  }
}

void HeldThread::expect_trap() {
  for (;;) {
    const auto signal = wait(step_limit);
    if (!signal) throw BenchError("a step of a held thread did not end");
    if (*signal == SIGTRAP) return;
    pending_ = *signal;
    resume(PTRACE_SINGLESTEP, 0);
  }
}

void HeldThread::step() {
  resume(PTRACE_SINGLESTEP, std::exchange(pending_, 0));
  expect_trap();
}

bool HeldThread::interrupt(int signal, Seconds limit) {
  const std::uint64_t here = at();
  resume(PTRACE_CONT, signal);
  for (;;) {
    const auto stopped = wait(limit);
    if (!stopped) return false;
    if (*stopped == SIGTRAP) break;
    resume(PTRACE_CONT, *stopped);
  }
  while (at() != here) step();  // out of the handler, through sigreturn
  return true;
}

bool HeldThread::ended() {
  if (gone_) return false;
  int status = 0;
  if (::waitpid(thread_, &status, __WALL | WNOHANG) != thread_ || WIFSTOPPED(status)) return false;
  return gone_ = true;
}

#if defined(__x86_64__)
std::uint64_t HeldThread::at() const {
  errno = 0;
  const long ip = ::ptrace(PTRACE_PEEKUSER, thread_, offsetof(user_regs_struct, rip), nullptr);
  if (errno != 0) fail("registers");
  return static_cast<std::uint64_t>(ip);
}
#else
std::uint64_t HeldThread::at() const { throw BenchError("holding threads is written for x86-64"); }
#endif

std::array<unsigned char, 8> HeldThread::code() const {
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKTEXT, thread_, at(), nullptr);
  if (errno != 0) fail("code");
  std::array<unsigned char, 8> bytes{};
  std::memcpy(bytes.data(), &word, bytes.size());
  return bytes;
}

bool HeldThread::at_breakpoint() const { return code()[0] == int3; }

}  // namespace dlt::bench
