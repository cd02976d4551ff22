#include "queue_set.hpp"

namespace dlt::detail {

// One that is empty, so that a new thread has its whole capacity and overwrites nobody's messages; but when many
// threads came and went faster than the sender, one of those that are still full.
ThreadQueue* QueueSet::adopt(std::uint32_t buffer, Doorbell& sender, std::uint32_t longest_message) noexcept {
  std::uint32_t left_full = 0;
  for (ThreadQueue* q = head_.load(std::memory_order_acquire); q != nullptr; q = q->next) {  // sync: queue-list
    if (q->buffer() != buffer || q->owned()) continue;
    if (!q->empty() && ++left_full <= most_left_full) continue;
    if (q->try_own()) return q;
  }
  // Not a mere addition: threads that get no queue ask again with every message, and the number must not come round.
  std::uint32_t slot = slots_.load(std::memory_order_relaxed);
  do {
    if (arena_.books(slot) == nullptr) return nullptr;
  } while (!slots_.compare_exchange_weak(slot, slot + 1, std::memory_order_relaxed));
  auto* q = Slab::make<ThreadQueue>(slot, buffer, buffers_[buffer], arena_, sender, longest_message);
  if (q == nullptr || !q->is_complete()) return nullptr;
  q->next = head_.load(std::memory_order_relaxed);
  while (!head_.compare_exchange_weak(q->next, q, std::memory_order_release, std::memory_order_relaxed)) {
  }  // sync: queue-list
  return q;
}

}  // namespace dlt::detail
