#include "harness/clock.hpp"

#include "harness/histogram.hpp"

namespace dlt::bench {

TickClock TickClock::calibrate() {
  TickClock clock;
  const std::uint64_t t0 = ticks_begin();
  const std::uint64_t n0 = now_ns();
  while (now_ns() - n0 < 20'000'000) {
  }
  const std::uint64_t t1 = ticks_begin();
  const std::uint64_t n1 = now_ns();
  clock.ns_per_tick = static_cast<double>(n1 - n0) / static_cast<double>(t1 - t0);

  Histogram empty;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t begin = ticks_begin();
    empty.record(ticks_end() - begin);
  }
  clock.overhead_ticks = static_cast<double>(empty.at(0.5));

  constexpr int readings = 100'000;
  const std::uint64_t r0 = now_ns();
  for (int i = 0; i < readings; ++i) (void)ticks_begin();
  clock.reading_ns = static_cast<double>(now_ns() - r0) / readings;
  return clock;
}

}  // namespace dlt::bench
