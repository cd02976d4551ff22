// A logger as far as suspension is concerned: one call that may be interrupted anywhere, and what happens behind it.
//
// Virtual because the choice is made at run time: our library, the incumbent's, and two that everybody has written once
// and that cannot pass: "mutex", one lock around one buffer, and "mpsc", one ring of which a call claims a slot, fills
// it and commits it, and which is read in order. log() is for any thread and signal handler; the rest as said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "harness/board.hpp"
#include "harness/plan.hpp"
#include "harness/suspend_plan.hpp"

namespace dlt::bench {

// Producers, as they stand in the messages.
inline constexpr unsigned held_producer = 0, free_producer = 1, handler_producer = 2, first_child = 3;
inline constexpr unsigned most_children = 60'000;

class SuspendedLogger {
 public:
  virtual ~SuspendedLogger() = default;
  virtual bool log(std::uint64_t producer, std::uint64_t sequence) noexcept = 0;

  [[nodiscard]] virtual bool connected() { return true; }
  [[nodiscard]] virtual bool flush(double limit_s) = 0;
  [[nodiscard]] virtual LoggerBooks books() = 0;
  // The free thread: makes a context, waits until it is registered (if a daemon listens), and drops it again.
  virtual bool make_context(std::uint32_t number, bool daemon_listens) = 0;
  // The free thread: waits until the level of its context is this.
  virtual void await_level(const std::atomic<std::uint32_t>& wanted) = 0;
};

// "dlt", "covesa", "mutex", "mpsc". Throws BenchError when the library is not there or refuses.
[[nodiscard]] std::unique_ptr<SuspendedLogger> make_suspended_logger(const SuspendPlan& plan, Board& board);

[[nodiscard]] std::unique_ptr<SuspendedLogger> make_suspended_dlt(const SuspendPlan& plan);
[[nodiscard]] std::unique_ptr<SuspendedLogger> make_suspended_covesa(const SuspendPlan& plan);
[[nodiscard]] std::unique_ptr<SuspendedLogger> make_mutex_control(Board& board);
[[nodiscard]] std::unique_ptr<SuspendedLogger> make_mpsc_control(Board& board);

}  // namespace dlt::bench
