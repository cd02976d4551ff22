// All queues of the process, in a list that only grows: a queue whose thread has ended is taken over by the next thread
// that needs one for the same buffer.
//
// Any thread may adopt and walk; nothing here waits. The list lives in the slab as long as the process.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "arena.hpp"
#include "buffer.hpp"
#include "thread_queue.hpp"

namespace dlt::detail {

class QueueSet {
 public:
  // Queues of ended threads, per buffer, that may wait to be emptied before one is taken over as it is.
  static constexpr std::uint32_t most_left_full = 64;

  QueueSet(Arena& arena, std::array<BufferState, Options::max_buffers>& buffers) noexcept
      : arena_(arena), buffers_(buffers) {}

  // A queue for the calling thread; nullptr when the slab or the table of slots is used up.
  [[nodiscard]] ThreadQueue* adopt(std::uint32_t buffer, Doorbell& sender, std::uint32_t longest_message) noexcept;

  // The others by `next`. sync: queue-list
  [[nodiscard]] const ThreadQueue* first() const noexcept { return head_.load(std::memory_order_acquire); }
  template <class F>
  void for_each(F&& f) const {
    for (ThreadQueue* q = head_.load(std::memory_order_acquire); q != nullptr; q = q->next) f(*q);  // sync: queue-list
  }

 private:
  Arena& arena_;
  std::array<BufferState, Options::max_buffers>& buffers_;
  std::atomic<ThreadQueue*> head_{nullptr};  // sync: queue-list, released by adopt
  std::atomic<std::uint32_t> slots_{1};      // 0 has the books of threads without a queue
};

}  // namespace dlt::detail
