// The log of a workload's process: one session, one context for each thread, lossless (the caller waits for room).
//
// Each message carries its thread and a number that rises by one, so that the reader sees what is missing, double or
// out of order; then the fields of the operation. Without logging a call does nothing. Loggers that are wrong on
// purpose are so in one message of a thousand. ThreadLog: its thread only; the rest: the main thread, while nobody
// logs.
#pragma once

#include <deque>
#include <dlt/dlt.hpp>
#include <optional>
#include <string>

#include "harness/clock.hpp"
#include "harness/crew_plan.hpp"

namespace dlt::bench {

class ThreadLog {
 public:
  // Of what was logged every `timed`-th call is timed.
  static constexpr std::uint64_t timed = 16;
  static constexpr std::uint64_t wrong_one_in = 1000;
  enum class Wrong { never, drops, repeats, tears };

  ThreadLog(std::uint32_t thread, Wrong wrong) : thread_(thread), wrong_(wrong) {}
  void open(ContextId id) { context_.emplace(id, "a thread that works"); }

  template <class... Values>
  void operator()(const KeyValue<Values>&... fields) noexcept {
    if (!context_) return;
    const std::uint64_t n = offered_++;
    if (wrong_ != Wrong::never && n % wrong_one_in == wrong_one_in - 1) [[unlikely]] {
      write_wrongly(n, fields...);
    } else if (n % timed == 0) {
      const std::uint64_t begin = ticks_begin();
      write(n, fields...);
      call_ticks_.record(ticks_end() - begin);
    } else {
      write(n, fields...);
    }
  }

  [[nodiscard]] std::uint64_t offered() const noexcept { return offered_; }
  [[nodiscard]] std::uint64_t claimed() const noexcept { return claimed_; }  // dropped, and said to be accepted
  [[nodiscard]] const Histogram& call_ticks() const noexcept { return call_ticks_; }

 private:
  template <class... F>
  void write(std::uint64_t n, const F&... fields) noexcept {
    dlt::info(*context_, "op", dlt::kv("thread", thread_), dlt::kv("n", n), fields...);
  }
  template <class... F>
  void write_wrongly(std::uint64_t n, const F&... fields) noexcept {
    if (wrong_ == Wrong::drops) {
      ++claimed_;
      return;
    }
    if (wrong_ == Wrong::repeats) write(n, fields...);
    if (wrong_ == Wrong::tears) write(n);
    else write(n, fields...);
  }

  std::uint32_t thread_;
  Wrong wrong_;
  std::optional<Context> context_;
  std::uint64_t offered_ = 0, claimed_ = 0;
  Histogram call_ticks_;
};

class WorkLog {
 public:
  // Throws BenchError when the session does not start or finds no daemon.
  WorkLog(const WorkPlan& plan, unsigned threads);

  [[nodiscard]] ThreadLog& of(std::size_t thread) { return threads_[thread]; }
  // Hands over what is queued, and fills in all that the log knows.
  void finish(WorkResult& result);

 private:
  std::optional<Session> session_;
  std::deque<ThreadLog> threads_;
};

}  // namespace dlt::bench
