#include "clock.hpp"

#include <time.h>

#include <cmath>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace dlt::detail {

namespace {

constexpr double ns_per_unit = 100'000;  // 0.1 ms
// Where a line follows the clock itself: so that no stamp is before one that the clock has given.
constexpr double ahead_of_clock = 0.01;

std::uint64_t monotonic_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

bool counter_is_invariant() noexcept {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & (1U << 8)) != 0;
#else
  return false;
#endif
}

}  // namespace

std::uint32_t stamp_from_clock() noexcept { return static_cast<std::uint32_t>(monotonic_ns() / 100'000U); }

// The counter between two looks at the clock, from the try with the shortest gap.
ClockCalibration::Pair ClockCalibration::sample() noexcept {
  Pair best;
#if defined(__x86_64__)
  std::uint64_t shortest = ~0ULL;
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t before = __builtin_ia32_rdtsc();
    const std::uint64_t ns = monotonic_ns();
    const std::uint64_t after = __builtin_ia32_rdtsc();
    if (after - before >= shortest) continue;
    shortest = after - before;
    best = {before + (after - before) / 2, ns};
  }
#endif
  return best;
}

void ClockCalibration::tick() noexcept {
  if (!usable_) return;
  if (first_.ns == 0) {
    usable_ = counter_is_invariant();
    if (usable_) first_ = last_ = sample();
    return;
  }
  const bool due = monotonic_ns() - last_.ns >= (used_ == 0 ? first_after_ns : interval_ns);
  if (!due && (in_use_ || used_ == 0)) return;
  const Pair now = sample();
  if (now.ticks <= first_.ticks || now.ns <= first_.ns) {
    // The counter went back: a virtual machine was moved. Back to the clock, for good.
    stamp_clock.line.store(nullptr, std::memory_order_release);
    usable_ = false;
    return;
  }
  if (due) {
    // The frequency over at least a second once there is one: the kernel slews its clock, the counter does not.
    const Pair& base = measured_ < 2 ? first_ : last_;
    frequency_ = static_cast<double>(now.ticks - base.ticks) / static_cast<double>(now.ns - base.ns) * ns_per_unit;
    ++measured_;
    last_ = now;
  }
  publish(now);
}

void ClockCalibration::rest() noexcept {
  in_use_ = false;
  stamp_clock.line.store(nullptr, std::memory_order_release);
}

void ClockCalibration::publish(const Pair& now) noexcept {
  const double actual = static_cast<double>(now.ns) / ns_per_unit;
  double value = actual + ahead_of_clock;
  double scale = frequency_;
  if (in_use_) {
    value = actual;
    const double line = (static_cast<double>(now.ticks) - last_zero_) / last_scale_;
    const double ahead = line - actual;
    if (ahead > 0 && ahead < 1000) {  // less than 0.1 s: hold the line and go slower for about the next second
      value = line;
      scale = frequency_ * (1 + ahead / 10'000);
    }
  }
  const double zero = static_cast<double>(now.ticks) - value * scale;
  ClockLine& line = lines_[used_++ % lines_.size()];
  line.zero.store(static_cast<std::uint64_t>(static_cast<std::int64_t>(zero)), std::memory_order_relaxed);
  line.scale.store(static_cast<std::uint64_t>(std::ldexp(1.0, 64) / scale), std::memory_order_relaxed);
  stamp_clock.line.store(&line, std::memory_order_release);  // sync: clock-line
  last_zero_ = zero;
  last_scale_ = scale;
  in_use_ = true;
}

}  // namespace dlt::detail
