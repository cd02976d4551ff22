// The two clocks of the benchmark.
//
// now_ns() is CLOCK_MONOTONIC: the same in every process, used for send times and durations (about 30 ns a reading).
// ticks are the processor's counter: used in pairs around one call (about 10 ns a reading, steps of up to 10 ns);
// what an empty pair costs is measured and subtracted. Any thread.
#pragma once

#include <cstdint>
#include <ctime>

namespace dlt::bench {

[[nodiscard]] inline std::uint64_t now_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}
[[nodiscard]] inline double now_s() noexcept { return static_cast<double>(now_ns()) * 1e-9; }

// Nothing before the pair leaks into it, nothing of the pair leaks out.
[[nodiscard]] inline std::uint64_t ticks_begin() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
  return __builtin_ia32_rdtsc();
#else
  return now_ns();
#endif
}
[[nodiscard]] inline std::uint64_t ticks_end() noexcept {
#if defined(__x86_64__)
  unsigned processor = 0;
  const std::uint64_t t = __builtin_ia32_rdtscp(&processor);
  __builtin_ia32_lfence();
  return t;
#else
  return now_ns();
#endif
}

struct TickClock {
  double ns_per_tick = 1.0;
  double overhead_ticks = 0.0;  // median of an empty pair
  double reading_ns = 0.0;      // one reading in a tight loop

  [[nodiscard]] double overhead_ns() const noexcept { return overhead_ticks * ns_per_tick; }
  [[nodiscard]] std::uint64_t ticks_of_ns(double ns) const noexcept {
    return static_cast<std::uint64_t>(ns / ns_per_tick);
  }
  // Takes about 25 ms.
  [[nodiscard]] static TickClock calibrate();
};

}  // namespace dlt::bench
