// Logs {thread, sequence} from several threads without end and writes each call down in a shared page, until it is
// killed or kills itself:
//
//   witness FILE APP THREADS ENDING AFTER PAUSE_US
//
// ENDING: kill (waits for it), wait (likewise, and does not wait for a daemon before), segv, abort, exit (_exit(0)),
// fork (a child with threads of its own logs too, and waits); AFTER: calls of the first thread before it ends itself;
// PAUSE_US: between two calls of a thread, 0: none.
#include <dlt/dlt.hpp>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "faults/witness.hpp"

namespace {

struct Work {
  std::uint32_t threads;
  std::chrono::microseconds pause;
};

void log_without_end(dlt::Context& c, dlt::test::Witness& witness, std::uint32_t thread,
                     std::chrono::microseconds pause) {
  for (std::uint64_t i = 0;; ++i) {
    const bool taken = DLT_INFO(c, "{}{}", thread, i);
    witness.count(thread, taken);
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
}

// The threads of a process, numbered from `first`.
void start(dlt::Context& c, dlt::test::Witness& witness, std::uint32_t first, const Work& work) {
  for (std::uint32_t t = first; t < first + work.threads; ++t)
    std::thread([&c, &witness, t, pause = work.pause] { log_without_end(c, witness, t, pause); }).detach();
}

[[noreturn]] void wait_for_the_end() {
  for (;;) pause();
}

[[noreturn]] void end(const std::string& how) {
  if (how == "segv") {
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
  }
  if (how == "abort") {
    signal(SIGABRT, SIG_DFL);
    std::abort();
  }
  _exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const std::string ending = argv[4];
  const std::uint64_t after = std::stoull(argv[5]);
  const Work work{static_cast<std::uint32_t>(std::stoul(argv[3])), std::chrono::microseconds(std::stol(argv[6]))};
  dlt::test::Witness witness(argv[1]);
  const auto session = dlt::start({.app = dlt::AppId(argv[2])});
  if (!session) return 3;
  dlt::Context numbers("NUMS", "numbered messages");
  // Once the daemon has the memory: what happens before cannot be salvaged, and is not promised.
  while (ending != "wait" && !session->connected()) std::this_thread::sleep_for(std::chrono::milliseconds(1));

  start(numbers, witness, 0, work);
  if (ending == "fork" && fork() == 0) {
    (void)DLT_INFO(numbers, "a forked child");  // starts its session; a thread that comes in between would be refused
    alarm(120);                                 // nobody else ends it if the test dies
    start(numbers, witness, work.threads, work);
    wait_for_the_end();
  }
  if (ending == "kill" || ending == "wait" || ending == "fork") wait_for_the_end();
  while (witness.accepted(0) + witness.refused(0) < after) std::this_thread::yield();
  end(ending);
}
