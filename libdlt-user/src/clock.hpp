// Keeps the line from the time-stamp counter to CLOCK_MONOTONIC that log calls use for their 0.1 ms stamps.
//
// A sender calls tick() now and then while there is traffic. Each line starts where the last one is and steers
// towards the clock, so a thread's stamps do not go back. While nobody calls tick() there is no line: the kernel slews
// its clock, and a line that is hours old is off by up to a second a day; log calls ask the clock then. Where the
// counter is not invariant no line is ever published and log calls ask the clock. One thread at a time may call tick();
// the published lines may be read by any thread.
#pragma once

#include <array>
#include <cstdint>

#include "dlt/detail/writer.hpp"

namespace dlt::detail {

class ClockCalibration {
 public:
  // Call about once a second while messages flow. Cheap when nothing is due.
  void tick() noexcept;
  // It will not be called for a while.
  void rest() noexcept;

 private:
  struct Pair {
    std::uint64_t ticks = 0;
    std::uint64_t ns = 0;
  };
  static constexpr std::uint64_t first_after_ns = 5'000'000;  // the first line needs this long a base
  static constexpr std::uint64_t interval_ns = 1'000'000'000;

  [[nodiscard]] static Pair sample() noexcept;
  void publish(const Pair& now) noexcept;

  Pair first_;
  Pair last_;
  double last_scale_ = 0;  // ticks per 0.1 ms of the line in use
  double last_zero_ = 0;
  double frequency_ = 0;  // ticks per 0.1 ms, measured last
  bool in_use_ = false;   // the line that was published last
  bool usable_ = true;
  // A log call that was suspended with a pointer to an old line gets a stamp from whatever stands there then: a line
  // that is at most 256 lines older or newer, which is wrong by microseconds.
  std::array<ClockLine, 256> lines_{};
  std::size_t used_ = 0;
  std::uint32_t measured_ = 0;
};

}  // namespace dlt::detail
