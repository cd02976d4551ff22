// The loops in which one thread logs by a plan. `call(number, sent_ns, text)` is the logger's log call; it is a
// template parameter, so that nothing stands between the loop and the call. One Producer per thread.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <random>
#include <thread>

#include "harness/clock.hpp"
#include "harness/message.hpp"
#include "harness/plan.hpp"
#include "harness/texts.hpp"

namespace dlt::bench {

class ProducerLoop {
 public:
  ProducerLoop(const ProducePlan& plan, unsigned id, const Texts& texts, const TickClock& clock)
      : plan_(plan), id_(id), texts_(texts), clock_(clock) {}

  // Runs the plan. `start_ns`: the common begin of all threads.
  template <class Call>
  void run(Call&& call, std::uint64_t start_ns) {
    start_ns_ = start_ns;
    end_ns_ = plan_.duration_s > 0 ? start_ns + static_cast<std::uint64_t>(plan_.duration_s * 1e9) : 0;
    if (plan_.timing == Timing::bursts) run_bursts(call);
    else if (plan_.timing == Timing::each || plan_.rate > 0) run_each(call);
    else run_flat(call);
  }

  [[nodiscard]] std::uint64_t offered() const noexcept { return sequence_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] const Histogram& call_ticks() const noexcept { return call_ticks_; }
  [[nodiscard]] const Histogram& burst_ticks() const noexcept { return burst_ticks_; }  // hundredths of a tick per call

 private:
  static constexpr std::uint64_t sample = 64;

  [[nodiscard]] bool more() const noexcept {
    if (plan_.messages != 0 && sequence_ >= plan_.messages) return false;
    return end_ns_ == 0 || now_ns() < end_ns_;
  }

  template <class Call>
  void log(Call& call, double sent_ns) {
    if (!call(tag(id_, sequence_), sent_ns, texts_.of(sequence_))) ++refused_;
    ++sequence_;
  }
  template <class Call>
  void log_timed(Call& call, double sent_ns) {
    const std::uint64_t begin = ticks_begin();
    log(call, sent_ns);
    const std::uint64_t ticks = ticks_end() - begin;
    if (sequence_ > plan_.warm_up) call_ticks_.record(ticks);
  }

  template <class Call>
  void run_flat(Call& call) {
    while (more()) {
      log_timed(call, static_cast<double>(now_ns()));
      std::uint64_t rest = sample - 1;
      if (plan_.messages != 0) rest = std::min(rest, plan_.messages - sequence_);
      for (; rest != 0; --rest) log(call, 0);
    }
  }

  template <class Call>
  void run_each(Call& call) {
    const double interval_ns = plan_.rate > 0 ? 1e9 * static_cast<double>(plan_.threads) / plan_.rate : 0;
    // Threads take turns within an interval instead of calling all at once.
    const double first_ns =
        static_cast<double>(start_ns_) + interval_ns * static_cast<double>(id_) / static_cast<double>(plan_.threads);
    while (more()) {
      if (interval_ns > 0)
        wait_until(static_cast<std::uint64_t>(first_ns + interval_ns * static_cast<double>(sequence_)), interval_ns);
      log_timed(call, static_cast<double>(now_ns()));
    }
  }

  template <class Call>
  void run_bursts(Call& call) {
    std::mt19937_64 random(id_ + 1);
    std::uniform_real_distribution<double> exponent(std::log(plan_.pause_min_us), std::log(plan_.pause_max_us));
    for (bool whole = false; more(); whole = !whole) {
      pause(std::exp(exponent(random)));
      if (!whole) {
        for (unsigned i = 0; i < plan_.burst; ++i) log_timed(call, 0);
        continue;
      }
      const std::uint64_t begin = ticks_begin();
      for (unsigned i = 0; i < plan_.burst; ++i) log(call, 0);
      const std::uint64_t ticks = ticks_end() - begin;
      if (sequence_ > plan_.warm_up) burst_ticks_.record(ticks * 100 / plan_.burst);
    }
  }

  void pause(double us) const {
    if (plan_.sleep_in_pause) return sleep_ns(us * 1e3);
    const std::uint64_t end = ticks_begin() + clock_.ticks_of_ns(us * 1e3);
    while (ticks_begin() < end) {
    }
  }
  // Sleeps through long intervals, as an application would; stays awake through short ones, to keep to the rate.
  static void wait_until(std::uint64_t due_ns, double interval_ns) {
    constexpr double shortest_sleep_ns = 60'000;
    if (interval_ns >= shortest_sleep_ns) {
      const std::uint64_t now = now_ns();
      if (due_ns > now) sleep_ns(static_cast<double>(due_ns - now));
      return;
    }
    while (now_ns() < due_ns) {
    }
  }
  static void sleep_ns(double ns) {
    const auto whole = static_cast<std::int64_t>(ns);
    const timespec t{whole / 1'000'000'000, whole % 1'000'000'000};
    ::nanosleep(&t, nullptr);
  }

  const ProducePlan& plan_;
  std::uint64_t id_;
  const Texts& texts_;
  const TickClock& clock_;
  std::uint64_t start_ns_ = 0, end_ns_ = 0;
  std::uint64_t sequence_ = 0, refused_ = 0;
  Histogram call_ticks_, burst_ticks_;
};

}  // namespace dlt::bench
