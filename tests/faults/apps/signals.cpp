// An application whose signal handlers log: signals storm WITNESS CALLS | signals crash WITNESS
//
//   storm   4 threads log {thread, sequence} while SIGPROF (1 kHz of processor time) and SIGUSR1 (as fast as a fifth
//           thread can) interrupt them; the handlers log under thread `in_handler` + thread. Ends after CALLS handlers.
//           Prints the books: accepted delivered queued dropped nested closes.
//   crash   a handler of SIGSEGV, on a stack of its own, logs a last FATAL message, flushes, and lets the process die.
#include <dlt/dlt.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "faults/witness.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t threads = 4;
constexpr std::uint32_t in_handler = 100;

dlt::test::Witness* witness = nullptr;
dlt::Session* session = nullptr;
dlt::Context numbers("NUMS", "thread and sequence");
std::atomic<bool> enough{false};
std::atomic<std::uint64_t> handled{0};
std::array<std::uint64_t, threads> next_in_handler;  // of its thread; both signals are blocked in the handler
thread_local std::uint32_t me = ~0U;

void on_signal(int) {
  if (me >= threads) return;  // not one that logs
  const bool taken = DLT_INFO(numbers, "{}{}", in_handler + me, next_in_handler[me]);
  if (taken) ++next_in_handler[me];
  witness->count(in_handler + me, taken);
  handled.fetch_add(1, std::memory_order_relaxed);
}

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaddset(&action.sa_mask, SIGPROF);
  sigaddset(&action.sa_mask, SIGUSR1);
  sigaction(signal, &action, nullptr);
}

void keep_logging(std::uint32_t thread) {
  me = thread;  // from here on handlers log, perhaps the first message of this thread
  for (std::uint64_t i = 0; !enough; ++i) {
    if (DLT_INFO(numbers, "{}{}", thread, i)) witness->count(thread);
    if (i % 64 == 0) std::this_thread::sleep_for(50us);
  }
}

int storm(std::uint64_t calls) {
  handle(SIGPROF, on_signal, SA_RESTART);
  handle(SIGUSR1, on_signal, SA_RESTART);
  std::vector<std::thread> loggers;
  for (std::uint32_t t = 0; t < threads; ++t) loggers.emplace_back(keep_logging, t);
  const itimerval often{{0, 1000}, {0, 1000}};
  setitimer(ITIMER_PROF, &often, nullptr);
  while (handled < calls) {
    for (auto& t : loggers) pthread_kill(t.native_handle(), SIGUSR1);
    std::this_thread::sleep_for(20us);
  }
  const itimerval never{};
  setitimer(ITIMER_PROF, &never, nullptr);
  enough = true;
  for (auto& t : loggers) t.join();
  if (!session->flush(5min)) return 1;
  const dlt::Stats s = session->stats();
  std::printf("%lu %lu %lu %lu %lu %d\n", s.accepted, s.delivered, s.queued, s.dropped.total(), s.dropped.nested,
              s.closes() ? 1 : 0);
  return 0;
}

void on_crash(int) {
  if (DLT_FATAL(numbers, "last words")) witness->count(0);
  (void)session->flush(1min);  // the process was not inside the heap
  signal(SIGSEGV, SIG_DFL);    // and the instruction is tried again
}

int crash() {
  static std::array<char, 64 * 1024> stack;
  const stack_t alternate{stack.data(), 0, stack.size()};
  sigaltstack(&alternate, nullptr);
  handle(SIGSEGV, on_crash, SA_ONSTACK);
  // No null pointer: UBSan would end the process before there is a signal.
  void* const forbidden = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile int*>(forbidden) = 1;
  return 0;
}

}  // namespace

int main(int, char** argv) {
  witness = new dlt::test::Witness(argv[2]);
  auto started = dlt::start({.app = "SIGN", .buffer = {.mode = dlt::OverflowMode::block, .timeout = 1h}});
  if (!started) return 100;
  session = &*started;
  return std::string(argv[1]) == "storm" ? storm(std::strtoull(argv[3], nullptr, 10)) : crash();
}
