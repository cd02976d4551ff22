#include "harness/held_thread.hpp"
#include "support/skip.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>

using namespace dlt::bench;

#if defined(__x86_64__)

namespace {

constexpr Seconds patience{60};

struct Shared {
  std::atomic<int> begin{0}, handled{0}, after{0};
};
Shared* shared = nullptr;

void on_signal(int) {
  ++shared->handled;
  asm volatile("int3");
}

// Waits, then three instructions that do nothing between two breakpoints.
[[noreturn]] void child() {
  ::signal(SIGUSR1, on_signal);
  while (shared->begin == 0) ::usleep(100);
  asm volatile("int3; nop; nop; nop; int3");
  shared->after = 1;
  ::_exit(7);
}

struct Stepped {
  Stepped() {
    shared = new (::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
    pid = ::fork();
    if (pid == 0) child();
  }
  int end() const {
    int status = 0;
    return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t pid = -1;
};

}  // namespace

TEST_CASE("a held thread executes one instruction at a time, a handler in between, and runs on") {
  if (!can_hold_threads()) {
    dlt::test::skip("threads are not held in this build");
    return;
  }
  const Stepped process;
  int steps = 0;
  {
    HeldThread thread(process.pid);
    shared->begin = 1;
    REQUIRE(thread.run_to_breakpoint(patience));
    for (; !thread.at_breakpoint(); thread.step()) {
      CHECK(thread.code()[0] == 0x90);
      const auto here = thread.at();
      CHECK(thread.interrupt(SIGUSR1, patience));
      CHECK(thread.at() == here);
      ++steps;
    }
    CHECK(shared->after == 0);
    CHECK(thread.run_to_breakpoint(patience));
  }

  CHECK(process.end() == 7);
  CHECK(steps == 3);
  CHECK(shared->handled == 3);
  CHECK(shared->after == 1);
}

#endif
