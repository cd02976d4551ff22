// What processes used: CPU, memory, context switches, read from /proc. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace dlt::bench {

struct Usage {
  double cpu_s = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::uint64_t voluntary = 0;  // context switches
  std::uint64_t involuntary = 0;

  // CPU and switches since `before`; memory as it is now.
  [[nodiscard]] Usage since(const Usage& before) const noexcept;
};

// Of our own process (pid 0), threads that have ended included, by getrusage; or of another, by its living threads, CPU
// time to the nanosecond, from the scheduler: zeros when it is gone.
[[nodiscard]] Usage usage_of(pid_t pid = 0);

}  // namespace dlt::bench
