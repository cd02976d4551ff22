// Which range stands where in the stream of one connection, so that a position which the daemon acknowledges becomes a
// place in a queue.
//
//   position   0 ── hello, registrations ──┬── range ──┬── range ──┬─ control ─┬── range ──▶ sent
//                                          entry       entry                   entry
//
// Entries end in the order in which they were added. No more than `most` are kept, and the last one of each queue: the
// oldest go first, what they would have confirmed is confirmed by later ones of their queue. No I/O; the uplink's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>

#include "thread_queue.hpp"

namespace dlt::detail {

class SentLog {
 public:
  static constexpr std::size_t most = 16'384;

  void begin() noexcept {  // a new connection
    entries_.clear();
    position_ = 0;
  }
  // Bytes that belong to no range.
  void skip(std::size_t bytes) noexcept { position_ += bytes; }
  // A range that was taken from its queue just now; `wire` bytes in the stream. Without memory the next one stands for
  // it.
  void add(const Range& range, std::size_t wire) noexcept try {
    position_ += wire;
    if (entries_.size() >= most) pass_over_oldest();
    entries_.push_back({position_, range.queue, range.number, range.to, range.queue->sent()});
  } catch (const std::bad_alloc&) {
  }
  void acknowledge(std::uint64_t position) noexcept {
    for (; !entries_.empty() && entries_.front().end <= position; entries_.pop_front()) {
      const Entry& e = entries_.front();
      e.queue->confirm(e.number, e.to, e.sent);
    }
  }
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }  // of what was sent last
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t end;  // in the stream
    ThreadQueue* queue;
    std::uint64_t number;
    std::uint32_t to;
    ThreadQueue::Taken sent;
  };

  // The last one of its queue goes behind the others instead: nothing would confirm it, and a queue that waits for that
  // (`block`) sends nothing before.
  void pass_over_oldest() {
    Entry oldest = entries_.front();
    entries_.pop_front();
    if (oldest.sent.frames != oldest.queue->sent().frames) return;
    oldest.end = position_;
    entries_.push_back(oldest);
  }

  std::deque<Entry> entries_;
  std::uint64_t position_ = 0;
};

}  // namespace dlt::detail
