// What all queues of one buffer have in common: its settings, changeable while threads log.
//
// Writers: start, end and Session::set_overflow, the sender (a request of the daemon). Readers: producers at a chunk
// change or when full, the sender, statistics. All relaxed: each value is complete in itself, and the next full moment
// sees it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "dlt/options.hpp"

namespace dlt::detail {

struct BufferState {
  std::atomic<std::uint32_t> capacity{2048};  // messages
  std::atomic<OverflowMode> mode{OverflowMode::overwrite};
  std::atomic<std::int64_t> timeout_ms{100};
  std::atomic<bool> closed{false};  // the session ends: nobody waits for room any more. sync: space (seq_cst)

  void set(const BufferOptions& o) noexcept {
    capacity.store(o.capacity, std::memory_order_relaxed);
    mode.store(o.mode, std::memory_order_relaxed);
    timeout_ms.store(o.timeout.count(), std::memory_order_relaxed);
  }
  [[nodiscard]] BufferOptions options() const noexcept {
    return {capacity.load(std::memory_order_relaxed), mode.load(std::memory_order_relaxed),
            std::chrono::milliseconds(timeout_ms.load(std::memory_order_relaxed))};
  }
};

}  // namespace dlt::detail
