// The flight recorder's memory file: where things lie in it.
//
//   0      Header 64
//   4096   ring 0: segment 0 | segment 1 | ...     each segment: header 64, whole frames, unused rest
//          ring 1: ...
//
// FORMAT.md section 7 has the fields and in which order they are written. Numbers are little endian (the library
// refuses to build for anything else). The decoders take bytes that were copied out of the file and check nothing but
// lengths: Recording judges. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/ids.hpp"

namespace dlt::proto::recorder {

inline constexpr std::string_view magic{"DLTRECRD"};
inline constexpr std::uint32_t version = 1;  // also that of the message that announces the file

inline constexpr std::size_t header_size = 64;
inline constexpr std::uint64_t first_ring = 4096;
inline constexpr std::size_t segment_header_size = 64;
inline constexpr std::uint32_t max_segments = 64;        // of a ring
inline constexpr std::uint32_t max_segment = 128 << 20;  // bytes
inline constexpr std::uint32_t max_rings = 4096;
inline constexpr std::uint64_t max_size = 1ULL << 30;  // bytes of the file

struct Header {
  bool magic = false;  // the first eight bytes are as they must be
  std::uint32_t version = 0;
  std::uint32_t pid = 0;
  std::uint32_t segment_size = 0;  // with the segment's header
  std::uint32_t segments = 0;      // of a ring
  std::uint32_t rings = 0;
  std::uint32_t used = 0;           // rings
  std::uint64_t most_messages = 0;  // of a buffer in a file; 0: all
  std::uint64_t missed = 0;         // messages that could not be recorded
  AppId app;
};

struct Segment {
  std::uint32_t bytes = 0;  // of whole frames
  std::uint32_t frames = 0;
  std::uint32_t number = 0;  // 0: never used
  std::uint32_t buffer = 0;
};

// Each reads the front of `bytes`; what is missing there reads as zero.
[[nodiscard]] Header decode_header(Bytes bytes) noexcept;
[[nodiscard]] Segment decode_segment(Bytes bytes) noexcept;

[[nodiscard]] constexpr std::uint64_t ring_at(const Header& h, std::uint32_t ring) noexcept {
  return first_ring + std::uint64_t{ring} * h.segments * h.segment_size;
}

}  // namespace dlt::proto::recorder
