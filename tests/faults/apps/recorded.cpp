// Logs {thread, sequence} with its flight recorder on: three of four messages are above the level that is sent. Each
// call that has returned is written down in a shared page:
//
//   recorded FILE APP THREADS ENDING AFTER PAUSE_US
//
// ENDING: kill (waits for it), segv, abort, exit (_exit(3)), terminate; AFTER: calls of the first thread before it ends
// itself; PAUSE_US: between two calls of a thread, 0: none. Or "ask": it does what the lines on its stdin say, and
// answers each with a line: "snapshot MS REASON" (the path, or the problem), "stats", "quit" (an orderly end).
#include <dlt/dlt.hpp>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "faults/witness.hpp"

namespace {

void log_without_end(dlt::Context& c, dlt::test::Witness& witness, std::uint32_t thread,
                     std::chrono::microseconds pause) {
  for (std::uint64_t i = 0;; ++i) {
    if (i % 4 == 0) DLT_INFO(c, "{}{}", thread, i);
    else DLT_DEBUG(c, "{}{}", thread, i);
    witness.count(thread);
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
}

[[noreturn]] void end(const std::string& how) {
  if (how == "segv") {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  }
  if (how == "abort") std::abort();
  if (how == "terminate") std::terminate();
  _exit(3);
}

// The threads that log take the signal for a snapshot: in the middle of calls, and under ThreadSanitizer, which hands a
// signal to a thread that waits for input only when that has come.
void leave_signal_to_others() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void answer_questions(dlt::Session& session) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what;
    long ms = 0;
    words >> what;
    if (what == "quit") return;
    if (what == "stats") {
      const dlt::Stats stats = session.stats();
      std::cout << "stats " << stats.closes() << ' ' << stats.accepted << ' ' << stats.unrecorded << std::endl;
      continue;
    }
    words >> ms;
    std::string reason;
    std::getline(words >> std::ws, reason);
    const dlt::Snapshot s = session.snapshot(reason, std::chrono::milliseconds(ms));
    std::cout << (s ? "at " + s.path : "no " + s.problem) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const std::string ending = argv[4];
  const std::uint64_t after = std::stoull(argv[5]);
  const std::chrono::microseconds pause(std::stol(argv[6]));
  dlt::test::Witness witness(argv[1]);
  auto session = dlt::start({.app = dlt::AppId(argv[2])});
  if (!session) return 3;
  dlt::Context numbers("NUMS", "numbered messages");
  while (ending != "ask" && !session->connected()) std::this_thread::yield();
  for (std::uint32_t t = 0; t < std::stoul(argv[3]); ++t)
    std::thread([&, t] { log_without_end(numbers, witness, t, pause); }).detach();
  if (ending == "ask") {
    leave_signal_to_others();
    answer_questions(*session);
    { const dlt::Session ending_in_order = std::move(*session); }
    std::_Exit(0);  // threads log on
  }
  while (ending == "kill") ::pause();
  while (witness.accepted(0) < after) std::this_thread::yield();
  end(ending);
}
