// The flight recorder's memory as its writer has it: the layout of recorder.hpp, with the atomics that readers in other
// processes rely on. For who has the file mapped; readers copy it and use recorder.hpp.
//
// A segment's owner is one thread at a time. The frames of a segment are complete up to `commit`, which is 0 before the
// segment's number changes; and the number has changed before any byte does. So a reader who finds the number that it
// found before has frames of one turn.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dlt/proto/recorder.hpp"

namespace dlt::proto::recorder {

static_assert(std::endian::native == std::endian::little, "readers have little endian numbers, writers their own");

struct SegmentMemory {
  alignas(64) std::atomic<std::uint64_t> commit{0};  // frames << 32 | bytes; one release store a message
  std::atomic<std::uint32_t> number{0};
  std::atomic<std::uint32_t> buffer{0};

  [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this) + segment_header_size; }

  // Its next turn: what is in it counts no more.
  void reopen(std::uint32_t turn, std::uint32_t of_buffer) noexcept {
    commit.store(0, std::memory_order_relaxed);
    buffer.store(of_buffer, std::memory_order_relaxed);
    number.store(turn, std::memory_order_release);        // after `commit`; sync: Recording::read_ring
    std::atomic_thread_fence(std::memory_order_release);  // before any byte of data; sync: Recording::read_segment
  }
};
static_assert(sizeof(SegmentMemory) == segment_header_size && offsetof(SegmentMemory, number) == 8 &&
              offsetof(SegmentMemory, buffer) == 12);

struct HeaderMemory {
  char magic[8];
  std::uint32_t version;
  std::uint32_t pid;
  std::uint32_t segment_size;
  std::uint32_t segments;
  std::uint32_t rings;
  std::atomic<std::uint32_t> used;
  std::atomic<std::uint64_t> most_messages;
  std::atomic<std::uint64_t> missed;
  std::uint32_t app;
};
static_assert(sizeof(HeaderMemory) <= header_size && offsetof(HeaderMemory, used) == 28 &&
              offsetof(HeaderMemory, most_messages) == 32 && offsetof(HeaderMemory, app) == 48);

}  // namespace dlt::proto::recorder
