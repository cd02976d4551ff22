// The memory file ("arena") that a process of ours shares with the daemon: where things lie in it, and reading them.
//
//   0        Header 64 | Carry 64 | 16 x Buffer 64
//   16 KiB   the frames of the carry, 64 KiB
//   80 KiB   slot table: `slots` x 256
//   first    chunks, one behind the other, each a whole number of granules long
//
// FORMAT.md section 6 has the fields. Numbers are little endian (the library refuses to build for anything else, since
// it writes them in place). Everything is written by a process that may be killed between any two stores; what a reader
// finds after that is right at every such instant, see there. The decoders take bytes that were copied out of the file,
// never the file itself, and check nothing but lengths: Salvage judges. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::proto::arena {

inline constexpr std::string_view magic{"DLTARENA"};
inline constexpr std::uint32_t version = 2;  // also that of the message that announces the file

inline constexpr std::uint64_t carry_at = 64;
inline constexpr std::uint64_t buffers_at = 128;
inline constexpr std::size_t max_buffers = 16;
inline constexpr std::size_t buffer_size = 64;
inline constexpr std::size_t head_size = buffers_at + max_buffers * buffer_size;
inline constexpr std::uint64_t carry_frames_at = 16 * 1024;
inline constexpr std::uint32_t carry_room = 64 * 1024;
inline constexpr std::uint64_t slots_at = 80 * 1024;
inline constexpr std::size_t slot_size = 256;
inline constexpr std::uint32_t max_slots = 65'536;
inline constexpr std::uint32_t granule = 16 * 1024;
inline constexpr std::size_t chunk_header_size = 128;
inline constexpr std::uint32_t max_chunk = 64 * 1024;  // with its header

// How many slots a file of this size has, and where its chunks begin.
[[nodiscard]] constexpr std::uint32_t slots_for(std::uint64_t size) noexcept {
  return size / granule < max_slots ? static_cast<std::uint32_t>(size / granule) : max_slots;
}
[[nodiscard]] constexpr std::uint64_t first_chunk_for(std::uint64_t size) noexcept {
  return (slots_at + slots_for(size) * slot_size + granule - 1) / granule * granule;
}

// Chunks of a slot are numbered without an end. On the wire and in a chunk stands the lower half of that, never 0.
//
// More chunks than this are never under way: what is older than that, as far as the lower half tells, is newer.
inline constexpr std::uint32_t most_under_way = 65'536;
// Whether a chunk comes once more, after `latest` of its slot had come. 0: none had.
[[nodiscard]] constexpr bool comes_again(std::uint32_t chunk, std::uint32_t latest) noexcept {
  return latest != 0 && latest - chunk < most_under_way;
}
// The whole number of a chunk in a slot where all up to `sealed` are full: that of the open one at most.
[[nodiscard]] constexpr std::uint64_t whole_number(std::uint32_t chunk, std::uint64_t sealed) noexcept {
  constexpr std::uint64_t turn = std::uint64_t{1} << 32;
  const std::uint64_t ahead = static_cast<std::uint32_t>(chunk - static_cast<std::uint32_t>(sealed));
  if (chunk == 0 || sealed + ahead < turn) return chunk;
  return sealed + ahead - (ahead <= 2 ? 0 : turn);  // behind a number with the lower half 0 is one that is not used
}

// A total that is right although its writer may be killed while it changes it: two entries, written in turn, and the
// one with the higher number counts.
struct Ledger {
  std::uint64_t number = 0;  // of the last chunk that is counted in, whole; 0: none
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};

struct Header {
  bool magic = false;  // the first eight bytes are as they must be
  std::uint32_t version = 0;
  std::uint32_t pid = 0;
  std::uint32_t granule = 0;
  std::uint32_t slots = 0;
  std::uint64_t used = 0;  // bytes from the start of the file
  std::uint64_t slots_at = 0;
  std::uint64_t first_chunk = 0;
};

// Frames that were taken out of a chunk and went to the socket only in part.
struct Carry {
  std::uint32_t length = 0;  // bytes of frames that are kept; 0: none
  std::uint32_t done = 0;    // bytes of whole frames of it that went on an earlier connection, or singly
  std::uint32_t slot = 0;
  std::uint32_t chunk = 0;
  std::uint32_t offset = 0;  // in the chunk, of the first of them
};

struct Buffer {
  std::array<std::uint64_t, local::loss_causes> told{};  // losses told on earlier connections
  std::uint64_t mode = 0;                                // of overflow
};

struct Slot {
  std::uint32_t used = 0;  // 0: never
  std::uint32_t buffer = 0;
  Ledger sealed;     // frames in chunks that are full
  Ledger discarded;  // overwritten by the producer
  Ledger abandoned;  // overwritten while the sender was looking at them
  std::uint64_t full = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t too_large = 0;
  std::uint64_t nested = 0;
  std::uint64_t high_water = 0;
  std::uint64_t at_exit = 0;
  std::uint64_t unconfirmed = 0;  // sent to a daemon that died before it confirmed them, and overwritten since
};

struct Chunk {
  enum State : std::uint32_t { idle = 0, reading = 1, reclaimed = 2, abandoned = 3, held = 4 };
  std::uint32_t bytes = 0;  // of whole frames
  std::uint32_t frames = 0;
  std::uint32_t number = 0;
  std::uint32_t slot = 0;
  std::uint32_t size = 0;  // with its header; 0: not handed out completely
  std::uint32_t sent = 0;  // bytes of them that are the socket's or the carry's business
  std::uint32_t sent_frames = 0;
  std::uint32_t state = idle;
};

// Each reads the front of `bytes`; what is missing there reads as zero.
[[nodiscard]] Header decode_header(Bytes bytes) noexcept;
[[nodiscard]] Carry decode_carry(Bytes bytes) noexcept;
[[nodiscard]] Buffer decode_buffer(Bytes bytes) noexcept;
[[nodiscard]] Slot decode_slot(Bytes bytes) noexcept;
[[nodiscard]] Chunk decode_chunk(Bytes bytes) noexcept;

}  // namespace dlt::proto::arena
