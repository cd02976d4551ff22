// One thread of an application is stepped through its log call and held at every instruction; at each, a free thread
// must be able to do its work. This is what tells lock-free from fast: an average never shows it.
//
// A walk is one situation and one kind of work. Each walk has a fresh application process; for `exit`, each
// instruction. The thread that steps is the caller's. Throws BenchError where the walk itself cannot be done.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/child.hpp"
#include "harness/plan.hpp"

namespace dlt::bench {

// What the held thread's call meets.
enum class Situation {
  draining,        // a daemon reads
  full_overwrite,  // the queue is full, the daemon stands still; by what the queue does then
  full_drop,
  full_block,
  absent,        // no daemon
  first_call,    // the thread's first
  chunk_change,  // each call closes a chunk and opens the next
  reconnecting,  // the daemon comes and goes
};

// What must be possible meanwhile.
enum class Work {
  log,      // another thread logs
  deliver,  // … and its message reaches a client of the daemon
  reg,      // a context is registered
  ctl,      // a level that a client changes holds in the application
  fork,     // a third process is made, logs and exits
  signal,   // a handler that interrupts the held thread right there logs (or is refused, counted) and returns
  exit,     // the process exits
};

[[nodiscard]] const char* name(Situation situation) noexcept;
[[nodiscard]] const char* name(Work work) noexcept;
[[nodiscard]] bool queue_is_full(Situation situation) noexcept;
[[nodiscard]] bool daemon_listens(Situation situation) noexcept;
// Whether there is a daemon to take part.
[[nodiscard]] bool possible(Situation situation, Work work) noexcept;

struct Walk {
  Situation situation = Situation::draining;
  Work work = Work::log;
  std::string logger = "dlt";  // see make_suspended_logger
  unsigned stride = 1;         // holds at every so-manieth instruction
  unsigned per_address = 0;    // at most so often at the same place in the code (loops); 0: always
  // The work is late after `soon`, and blocked after `patience`: a busy machine makes it late.
  Seconds soon{0.3};
  Seconds patience{10};
  unsigned enough = 3;  // blocked instructions after which the walk need not go on; 0: it goes on
};

struct WalkResult {
  std::uint64_t instructions = 0;
  std::uint64_t held = 0;  // of these
  std::uint64_t blocked = 0;
  std::uint64_t late = 0;
  bool complete = false;           // the call came to its end
  std::vector<std::string> where;  // the first blocked ones: "#12 libdlt-user.so.0+0x1f3a"
  // The books of the walk; without a daemon nothing is delivered, and what is queued stays so.
  std::uint64_t offered = 0, delivered = 0;
  LoggerBooks books;
  std::int64_t unaccounted = 0;
  std::uint64_t handlers = 0, handlers_refused = 0;  // messages logged by the signal handler
  std::uint64_t children = 0, children_delivered = 0;
  double seconds = 0;
  std::vector<std::string> faults;  // why its books do not hold, or the situation was not the one wanted
};

struct SuspensionScene;

// Daemons are started once and used by all walks.
class Suspender {
 public:
  Suspender();
  ~Suspender();
  Suspender(const Suspender&) = delete;
  Suspender& operator=(const Suspender&) = delete;

  [[nodiscard]] WalkResult walk(const Walk& walk);

 private:
  std::unique_ptr<SuspensionScene> scene_;
};

}  // namespace dlt::bench
