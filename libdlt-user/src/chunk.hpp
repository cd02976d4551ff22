// A piece of the arena that one thread fills with whole frames and the sender hands to the socket.
//
//   0   commit       u64  frames << 32 | bytes that are complete; the producer, one release store a message
//   8   number       u32  lower half of the chunk's running number within its slot; the producer, when it opens it
//   12  slot         u32  which queue of the process
//   16  size         u32  bytes of the chunk with this header; written once
//   64  sent         u32  bytes of it that the sender has taken; the sender, and the producer at opening
//   68  sent_frames  u32  the same in frames
//   72  state        u32  see State
//   128 data
//
// The order at opening is commit = 0, then number, then any byte of data: what a reader of the memory finds after the
// process was killed is either the old chunk, an empty one, or whole frames up to `commit`.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dlt::detail {

struct Chunk {
  // Who may touch a chunk: its producer while it is open; whoever took it from the queue of sealed chunks after that.
  // Only the open chunk has two readers, so only there the state decides:
  //   idle -> reading      the sender, before it reads the front part of an open chunk
  //   reading -> idle      the sender, afterwards
  //   idle -> reclaimed    the producer, which took the chunk back from the queue to overwrite it
  //   reading -> abandoned the producer, when it meets the sender inside: the sender counts and recycles the chunk
  // `held` is for the reader of the memory alone: the sender has taken the chunk from the queue. One that is neither
  // held nor sent, though the sender is beyond its number, was in the hands of the producer when the process died.
  enum State : std::uint32_t { idle = 0, reading = 1, reclaimed = 2, abandoned = 3, held = 4 };

  alignas(64) std::atomic<std::uint64_t> commit{0};
  std::atomic<std::uint32_t> number{0};
  std::atomic<std::uint32_t> slot{0};
  std::atomic<std::uint32_t> size{0};
  alignas(64) std::atomic<std::uint32_t> sent{0};
  std::atomic<std::uint32_t> sent_frames{0};
  std::atomic<std::uint32_t> state{idle};

  static constexpr std::size_t header_size = 128;

  [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this) + header_size; }
};

static_assert(sizeof(Chunk) == Chunk::header_size);

[[nodiscard]] constexpr std::uint32_t bytes_of(std::uint64_t commit) noexcept {
  return static_cast<std::uint32_t>(commit);
}
// Chunks of a slot are numbered without an end; in memory and on the wire stands the lower half, which is never 0.
[[nodiscard]] constexpr std::uint32_t low_half(std::uint64_t number) noexcept {
  return static_cast<std::uint32_t>(number);
}
[[nodiscard]] constexpr std::uint64_t following(std::uint64_t number) noexcept {
  return low_half(number + 1) != 0 ? number + 1 : number + 2;
}
[[nodiscard]] constexpr std::uint32_t frames_of(std::uint64_t commit) noexcept {
  return static_cast<std::uint32_t>(commit >> 32);
}

}  // namespace dlt::detail
