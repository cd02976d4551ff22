// The memory that the caches of all devices share (OfflineLogstorageCacheSize). A filter takes its part when its device
// is connected, or is left out. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace dlt::daemon::logstorage {

class CacheBudget {
 public:
  explicit CacheBudget(std::uint64_t bytes) noexcept : left_(bytes) {}

  [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
    std::uint64_t left = left_.load(std::memory_order_relaxed);
    while (left >= bytes)
      if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
    return false;
  }
  void give_back(std::uint64_t bytes) noexcept { left_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> left_;  // written and read by every device's thread; a figure, nothing is published by it
};

}  // namespace dlt::daemon::logstorage
