// The time, as storage headers and frames carry it. Any thread.
#pragma once

#include <chrono>
#include <cstdint>

namespace dlt::daemon {

[[nodiscard]] inline std::int64_t unix_us() noexcept {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

// 0.1 ms since boot; begins anew after 4.97 days.
[[nodiscard]] inline std::uint32_t uptime(std::chrono::steady_clock::time_point now) noexcept {
  using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
  return static_cast<std::uint32_t>(std::chrono::duration_cast<Tick>(now.time_since_epoch()).count());
}

}  // namespace dlt::daemon
