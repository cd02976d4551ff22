// The loops in which one thread logs by a plan. `call(number, sent_ns, text)` is the logger's log call; it is a
// template parameter, so that nothing stands between the loop and the call. One ProducerLoop per thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <random>

#include "harness/clock.hpp"
#include "harness/message.hpp"
#include "harness/plan.hpp"
#include "harness/texts.hpp"

namespace dlt::bench {

// Set by SIGUSR1 in a process that logs: its loops end before their next message. Read by all its logging threads.
inline std::atomic<bool> told_to_stop{false};

class ProducerLoop {
 public:
  // Through longer pauses a thread sleeps, as an application would; through shorter ones it stays busy, to keep to the
  // rate, and what that costs is in its CPU time.
  static constexpr double shortest_sleep_ns = 60'000;

  ProducerLoop(const ProducePlan& plan, unsigned id, const Texts& texts, const TickClock& clock)
      : plan_(plan), id_(id), texts_(texts), clock_(clock) {}

  // Runs the plan. `start_ns`: the common begin of all threads.
  template <class Call>
  void run(Call&& call, std::uint64_t start_ns) {
    start_ns_ = start_ns;
    end_ns_ = plan_.duration_s > 0 ? start_ns + static_cast<std::uint64_t>(plan_.duration_s * 1e9) : 0;
    if (plan_.timing == Timing::bursts) run_bursts(call);
    else if (plan_.timing == Timing::growing) run_growing(call);
    else if (plan_.timing == Timing::sampled && plan_.rate > 0) run_clumps(call);
    else if (plan_.timing == Timing::each) run_each(call);
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
    if (told_to_stop.load(std::memory_order_relaxed)) return false;  // nothing else is handed over with it
    return end_ns_ == 0 || now_ns() < end_ns_;
  }

  template <class Call>
  void log(Call& call, double sent_ns) {
    std::uint64_t producer = plan_.first_producer + id_, number = sequence_;
    if (plan_.mixed_levels) [[unlikely]] {
      const unsigned lane = lane_of(sequence_);
      producer = plan_.first_producer + id_ * mixed_lanes + lane, number = in_lane_[lane]++;
    }
    if (!call(tag(producer, number), sent_ns, texts_.of(number))) ++refused_;
    ++sequence_;
  }
  template <class Call>
  void log_timed(Call& call, double sent_ns) {
    const std::uint64_t begin = ticks_begin();
    log(call, sent_ns);
    const std::uint64_t ticks = ticks_end() - begin;
    if (sequence_ > plan_.warm_up) call_ticks_.record(ticks);
  }

  // One call that is stamped and timed, then the rest without.
  template <class Call>
  void run_some(Call& call, std::uint64_t n) {
    if (plan_.messages != 0) n = std::min(n, plan_.messages - sequence_);
    while (n != 0) {
      log_timed(call, static_cast<double>(now_ns()));
      const std::uint64_t rest = std::min(n, sample) - 1;
      for (std::uint64_t i = 0; i < rest; ++i) log(call, 0);
      n -= rest + 1;
    }
  }
  template <class Call>
  void run_flat(Call& call) {
    while (more()) run_some(call, sample);
  }

  // When the clumps of a thread fall due. Threads take turns within an interval instead of calling all at once.
  struct Pace {
    double first_ns, interval_ns;
    [[nodiscard]] std::uint64_t due_ns(std::uint64_t clump) const noexcept {
      return static_cast<std::uint64_t>(first_ns + interval_ns * static_cast<double>(clump));
    }
  };
  [[nodiscard]] Pace pace_from(std::uint64_t begin_ns, double rate) const noexcept {
    if (rate <= 0) return {static_cast<double>(begin_ns), 0};
    const double threads = plan_.threads;
    const double interval = 1e9 * threads * static_cast<double>(plan_.clump) / rate;
    return {static_cast<double>(begin_ns) + interval * static_cast<double>(id_) / threads, interval};
  }

  template <class Call>
  void run_each(Call& call) {
    const Pace pace = pace_from(start_ns_, plan_.rate);
    while (more()) {
      if (plan_.rate > 0) wait_until(pace.due_ns(sequence_ / plan_.clump), pace.interval_ns);
      log_timed(call, static_cast<double>(now_ns()));
    }
  }

  template <class Call>
  void run_clumps(Call& call) {
    const auto run = [&](std::uint64_t begin_ns, double rate) {
      const Pace pace = pace_from(begin_ns, rate);
      for (std::uint64_t clump = 0; more(); ++clump) {
        wait_until(pace.due_ns(clump), pace.interval_ns);
        run_some(call, plan_.clump);
      }
    };
    run(start_ns_, plan_.rate);
    if (plan_.after_s <= 0) return;
    const std::uint64_t begin_ns = now_ns();  // a thread that is late need not make up for it
    end_ns_ = begin_ns + static_cast<std::uint64_t>(plan_.after_s * 1e9);
    run(begin_ns, plan_.after_rate);
  }

  // A pause after each burst, so that the next one meets empty buffers.
  template <class Call>
  void run_growing(Call& call) {
    for (std::uint64_t size = first_burst; size <= last_burst && more(); size = next_burst(size)) {
      for (std::uint64_t i = 0; i < size; ++i) log(call, 0);
      sleep_ns(5e6 + 100.0 * static_cast<double>(size));
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
  static void wait_until(std::uint64_t due_ns, double interval_ns) {
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
  std::array<std::uint64_t, mixed_lanes> in_lane_{};
  Histogram call_ticks_, burst_ticks_;
};

}  // namespace dlt::bench
