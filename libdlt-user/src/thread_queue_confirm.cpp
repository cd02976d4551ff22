// The part of ThreadQueue that keeps what was sent until the daemon has confirmed it, or until the end; the sender's.
//
//   sealed ──▶ held ──(taken)──▶ retained ──(confirmed)──▶ free
//                ▲                   │
//                └──── (rewind) ─────┘
#include <algorithm>
#include <cassert>

#include "batch.hpp"
#include "thread_queue.hpp"

namespace dlt::detail {

void ThreadQueue::retain(const Entry& e) noexcept {
  const bool confirmed = unconfirmed_from(e.number) >= bytes_of(e.chunk->commit.load(std::memory_order_relaxed));
  if (confirmed || retained_.size() == retained_.capacity()) return recycle(e.chunk);
  if (retained_.size() >= most_retained_) {
    recycle(retained_.front().chunk);
    retained_.erase(retained_.begin());
  }
  retained_.push_back(e);
}

// At a quarter: more under way makes nothing faster, and chunks that come round soon are still in the cache (1 thread
// flat out on 2 CPUs: 19.0 against 17.3 M messages/s, medians of 5).
bool ThreadQueue::awaits_confirmation() const noexcept {
  return retained_.size() >= most_retained_ / 4 &&
         settings_.mode.load(std::memory_order_relaxed) == OverflowMode::block;
}

// Where in the chunk with this number begins what the daemon has not confirmed.
std::uint32_t ThreadQueue::unconfirmed_from(std::uint64_t number) const noexcept {
  if (number < confirmed_number_) return ~0U;
  return number == confirmed_number_ ? confirmed_offset_ : 0;
}

void ThreadQueue::confirm(std::uint64_t number, std::uint32_t offset, const Taken& sent) noexcept {
  confirmed_number_ = number;
  confirmed_offset_ = offset;
  confirmed_ = sent;
  const auto open_end = std::find_if(retained_.begin(), retained_.end(), [this](const Entry& e) {
    return unconfirmed_from(e.number) < bytes_of(e.chunk->commit.load(std::memory_order_relaxed));
  });
  std::for_each(retained_.begin(), open_end, [this](const Entry& e) { recycle(e.chunk); });
  retained_.erase(retained_.begin(), open_end);
}

void ThreadQueue::confirm_all() noexcept {
  let_go();
  confirmed_ = sent_;
}

void ThreadQueue::let_go() noexcept {
  for (const Entry& e : retained_) recycle(e.chunk);
  retained_.clear();
  front_ = {};
}

void ThreadQueue::discard_everything() {
  const Taken sent = sent_;
  std::vector<Range> ranges;
  do {
    let_go();  // where all that may be under way is, nothing would be collected
    ranges.clear();
    collect(ranges, max_chunks_);
    for (const Range& r : ranges) {
      taken(r);  // first: what is killed in between may be missing in the books, but is not there twice
      bump(books_.at_exit, r.frames);
    }
    sent_ = sent;  // they were not
  } while (!ranges.empty());
  let_go();
}

void ThreadQueue::rewind(const Taken& unfinished) noexcept {
  const std::uint64_t missing = sent_.frames - confirmed_.frames;
  if (missing == 0) return;
  std::uint64_t found = 0;
  for (const Entry& e : retained_) found += unsend(*e.chunk, e.number);
  for (const Entry& e : held_) found += unsend(*e.chunk, e.number);
  assert(held_.capacity() - held_.size() >= retained_.size() && "collect() has made room");
  held_.insert(held_.begin(), retained_.begin(), retained_.end());
  retained_.clear();
  bump(again_, found);
  const std::uint32_t in_front = unsend_front();
  // These may still be overwritten, which counts them as others of their chunk: so they are queued like others.
  taken_.store(taken_.load(std::memory_order_relaxed) - in_front, std::memory_order_relaxed);
  found += in_front;
  const auto take_back = [](Counter& c, std::uint64_t n) {
    c.store(c.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  };
  take_back(delivered_, missing - unfinished.frames);
  take_back(delivered_bytes_, sent_.bytes - confirmed_.bytes - unfinished.bytes);
  bump(books_.unconfirmed, missing - found);
  sent_ = confirmed_;
}

// The number of frames that have to go again.
std::uint32_t ThreadQueue::unsend(Chunk& chunk, std::uint64_t number) noexcept {
  const std::uint32_t from = unconfirmed_from(number);
  const std::uint32_t to = chunk.sent.load(std::memory_order_relaxed);
  if (to <= from) return 0;
  std::uint32_t frames = 0;
  for (proto::Bytes rest(chunk.data() + from, to - from); !rest.empty(); ++frames) {
    const std::size_t n = frame_length(rest);
    if (n == 0) break;
    rest = rest.subspan(n);
  }
  chunk.sent_frames.store(chunk.sent_frames.load(std::memory_order_relaxed) - frames, std::memory_order_relaxed);
  chunk.sent.store(from, std::memory_order_relaxed);
  return frames;
}

// Of the chunk whose front has gone while it was open; by now the producer may have closed or overwritten it.
std::uint32_t ThreadQueue::unsend_front() noexcept {
  if (front_.chunk == nullptr) return 0;
  const Entry front = std::exchange(front_, {});
  std::uint32_t seen = Chunk::idle;
  if (!front.chunk->state.compare_exchange_strong(seen, Chunk::reading, std::memory_order_acquire))
    return 0;  // sync: chunk-state
  const bool same = front.chunk->number.load(std::memory_order_acquire) == low_half(front.number);
  const std::uint32_t frames = same ? unsend(*front.chunk, front.number) : 0;
  leave_open(*front.chunk);
  return frames;
}

}  // namespace dlt::detail
