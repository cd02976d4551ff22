// The part of ThreadQueue that tells what became of its messages; any thread.
#include <algorithm>

#include "thread_queue.hpp"

namespace dlt::detail {

std::uint64_t ThreadQueue::frames_out() const noexcept {
  return delivered_.load(std::memory_order_relaxed) + abandoned_.load(std::memory_order_relaxed) +
         books_.at_exit.load(std::memory_order_relaxed) + overwritten_.load(std::memory_order_relaxed) +
         books_.unconfirmed.load(std::memory_order_relaxed);
}

void ThreadQueue::add_to(BufferStats& s) const noexcept {
  constexpr auto relaxed = std::memory_order_relaxed;
  const std::uint64_t out = frames_out();
  const In all = this->in();
  const std::uint64_t in = all.sealed + frames_of(all.open);
  Drops d;
  d.full = books_.full.load(relaxed);
  d.overwritten = overwritten_.load(relaxed) + abandoned_.load(relaxed) + books_.unconfirmed.load(relaxed);
  d.timed_out = books_.timed_out.load(relaxed);
  d.at_exit = books_.at_exit.load(relaxed);
  d.too_large = books_.too_large.load(relaxed);
  d.nested = books_.nested.load(relaxed);
  s.accepted += in + d.full + d.timed_out + d.too_large + d.nested;
  s.accepted_bytes += sealed_bytes_.load(relaxed) + bytes_of(all.open);
  s.delivered += delivered_.load(relaxed);
  s.delivered_bytes += delivered_bytes_.load(relaxed);
  s.queued += in > out ? in - out : 0;
  s.high_water = std::max(s.high_water, std::max(books_.high_water.load(relaxed), queued()));
  s.reserved_bytes += std::uint64_t{chunks_.load(relaxed)} * chunk_bytes_;
  s.dropped += d;
}

}  // namespace dlt::detail
