// A queue with a producer's and a sender's hand, without either's thread.
#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <vector>

#include "frames.hpp"
#include "thread_queue.hpp"

namespace dlt::test {

// A queue with a producer's and a sender's hand.
struct Bench {
  explicit Bench(std::uint32_t capacity, OverflowMode mode, std::chrono::milliseconds timeout = {},
                 std::uint64_t first_chunk = 1) {
    REQUIRE_FALSE(arena.open(64 << 20));
    REQUIRE_FALSE(doorbell.open());
    settings.set({capacity, mode, timeout});
    queue = detail::Slab::make<detail::ThreadQueue>(5U, 0U, settings, arena, doorbell, 9900U, first_chunk);
    REQUIRE(queue != nullptr);
  }

  // As the log call does it. False: not taken.
  bool push(std::uint64_t number, std::size_t size = frame_size) {
    detail::ThreadQueue& q = *queue;
    std::byte* p = q.at;
    // As numbers: with no chunk there are no pointers to add to.
    if (reinterpret_cast<std::uintptr_t>(p) + size > reinterpret_cast<std::uintptr_t>(q.end)) p = q.make_room(size);
    if (p == nullptr) return false;
    put_frame(p, number, size);
    q.at += size;
    q.committed += detail::one_frame + size;
    q.commit->store(q.committed, std::memory_order_release);
    if (--q.frames_left == 0) q.end = nullptr;
    return true;
  }

  // One pass of a sender that delivers everything it gets, to a daemon that confirms it at once.
  std::vector<std::uint64_t> pull(std::size_t limit = 16) {
    std::vector<detail::Range> ranges;
    queue->collect(ranges, limit);
    std::vector<std::uint64_t> all;
    for (const detail::Range& r : ranges) {
      const auto some = numbers(r.bytes());
      all.insert(all.end(), some.begin(), some.end());
      queue->delivered(r.frames, r.bytes().size());
      queue->taken(r);
      queue->confirm(r.number, r.to, queue->sent());
    }
    queue->wake_blocked();
    return all;
  }
  std::vector<std::uint64_t> pull_all() {
    std::vector<std::uint64_t> all;
    for (auto some = pull(); !some.empty(); some = pull()) all.insert(all.end(), some.begin(), some.end());
    return all;
  }
  [[nodiscard]] BufferStats stats() const {
    BufferStats s;
    queue->add_to(s);
    return s;
  }

  detail::Arena arena;
  detail::Doorbell doorbell;
  detail::BufferState settings;
  detail::ThreadQueue* queue = nullptr;
};

inline std::vector<std::uint64_t> sequence(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = first; i <= last; ++i) all.push_back(i);
  return all;
}

}  // namespace dlt::test
