// A signal handler that logs, at each instruction of its thread's first log call: the processor's single-step trap is
// the signal, so that every place is tried in one process, without a debugger.
#include <catch2/catch.hpp>

#include <signal.h>
#include <ucontext.h>

#include <map>
#include <thread>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

// Sanitizers put code of their own, which is not for signal handlers, between the instructions; TSan delays handlers.
#if defined(__x86_64__) && !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)

namespace {

constexpr std::uint64_t by_thread = 0;
constexpr std::uint64_t by_handler = 1;
constexpr greg_t trap_flag = 0x100;

Context* context = nullptr;
thread_local std::uint64_t me = 0;
thread_local std::uint64_t steps = 0;  // instructions so far
thread_local std::uint64_t interrupt_at = 0;
thread_local std::uint64_t logged[2] = {0, 0};

[[gnu::noinline]] bool log_next(std::uint64_t who) {
  const bool taken = DLT_INFO(*context, "{}{}", me * 2 + who, logged[who]);
  if (taken) ++logged[who];
  return taken;
}

void on_step(int, siginfo_t*, void* interrupted) {
  if (steps++ != interrupt_at) return;
  (void)log_next(by_handler);
  static_cast<ucontext_t*>(interrupted)->uc_mcontext.gregs[REG_EFL] &= ~trap_flag;  // it goes on without steps
}

void step_through(bool on) {
  if (on) asm volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
  else asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
}

// False: the call was over before that instruction.
bool first_call_interrupted_at(std::uint64_t instruction) {
  bool reached = false;
  std::thread([&] {
    me = instruction;
    interrupt_at = instruction;
    step_through(true);
    (void)log_next(by_thread);
    step_through(false);
    reached = steps > instruction;
    (void)log_next(by_handler);  // as a later handler would
    (void)log_next(by_thread);
  }).join();
  return reached;
}

}  // namespace

TEST_CASE("a handler that logs at any instruction of its thread's first call finds the same queue, or is refused") {
  CHECK(isolated([] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          auto session = start(o);
          Context c{"CTX1"};
          context = &c;
          struct sigaction action {};
          action.sa_sigaction = on_step;
          action.sa_flags = SA_SIGINFO;
          sigaction(SIGTRAP, &action, nullptr);

          // No daemon yet: both lie in the queues together, so that an order that is not kept is seen.
          std::uint64_t n = 0;
          while (first_call_interrupted_at(n)) ++n;
          FakeDaemon daemon(dir / "d.sock");
          expect(session->flush(30s), "flush");
          const Stats stats = session->stats();
          expect(stats.closes(), "books");
          expect(n > 200, "a first call has more than " + std::to_string(n) + " instructions");
          expect(daemon.sees_frames(stats.delivered), "frames");
          expect_equal(stats.accepted, 4 * n + 3, "each call is counted once");

          std::map<std::uint64_t, std::uint64_t> next;
          for (const auto& frame : daemon.frames()) {
            const auto who = proto::load_le<std::uint64_t>(frame.data() + 30);
            const auto number = proto::load_le<std::uint64_t>(frame.data() + 42);
            expect_equal(number, next[who]++, "what was logged at instruction " + std::to_string(who / 2));
          }
        }) == "");
}

#endif
