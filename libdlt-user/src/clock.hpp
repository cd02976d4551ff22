// Keeps the line from the time-stamp counter to CLOCK_MONOTONIC that log calls use for their 0.1 ms stamps.
//
// The sender calls tick() now and then while there is traffic. Each line starts where the last one is and steers
// towards the clock, so a thread's stamps do not go back. Where the counter is not invariant no line is ever published
// and log calls ask the clock. One thread at a time may call tick(); the published lines may be read by any thread.
#pragma once

#include <array>
#include <cstdint>

#include "dlt/detail/writer.hpp"

namespace dlt::detail {

class ClockCalibration {
 public:
  // Call about once a second while messages flow. Cheap when nothing is due.
  void tick() noexcept;

 private:
  struct Pair {
    std::uint64_t ticks = 0;
    std::uint64_t ns = 0;
  };
  static constexpr std::uint64_t first_after_ns = 5'000'000;  // the first line needs this long a base
  static constexpr std::uint64_t interval_ns = 1'000'000'000;

  [[nodiscard]] static Pair sample() noexcept;
  void publish(const Pair& now, double ticks_per_unit) noexcept;

  Pair first_;
  Pair last_;
  double last_scale_ = 0;  // ticks per 0.1 ms of the line in use
  double last_zero_ = 0;
  bool usable_ = true;
  // A log call that was suspended with a pointer to an old line gets a stamp from whatever stands there then: a line
  // that is at most 64 calibrations older or newer, which is wrong by microseconds.
  std::array<ClockLine, 64> lines_{};
  std::size_t used_ = 0;
};

}  // namespace dlt::detail
