// The standard message of the benchmark, as a DLT v1 frame of 69 bytes (with the default text of 12 bytes):
//
//    0  headers, 26 bytes     htyp 3d | counter | length BE | ECU | session | stamp | msin | 3 arguments | app |
//    context
//   26  44 00 00 00 | u64     producer << 48 | sequence
//   38  84 00 00 00 | f64     send time in ns (CLOCK_MONOTONIC), 0: not stamped
//   50  00 02|82 00 00 | u16  length of the text with its NUL
//   56  text, NUL             Texts::of(sequence)
//
// The application id names the run, so that what a daemon still holds of earlier runs is never counted. Pure; any
// thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/header.hpp"
#include "dlt/proto/ids.hpp"

namespace dlt::bench {

inline constexpr unsigned sequence_bits = 48;
inline constexpr std::size_t text_offset = 56;

[[nodiscard]] constexpr std::uint64_t tag(std::uint64_t producer, std::uint64_t sequence) noexcept {
  return (producer << sequence_bits) | sequence;
}

struct StandardMessage {
  std::uint64_t producer = 0;
  std::uint64_t sequence = 0;
  double sent_ns = 0;
  std::string_view text;
};

// Reads a whole frame that starts with htyp 3d; nothing when it is not a standard message.
[[nodiscard]] inline std::optional<StandardMessage> read_standard(proto::Bytes frame) noexcept {
  const std::byte* f = frame.data();
  if (frame.size() <= text_offset || f[0] != std::byte{proto::htyp::log}) return {};
  const auto text_type = proto::load_le<std::uint32_t>(f + 50);
  const auto text_size = proto::load_le<std::uint16_t>(f + 54);
  const bool arguments = proto::load_le<std::uint32_t>(f + 26) == 0x44 &&
                         proto::load_le<std::uint32_t>(f + 38) == 0x84 && (text_type & ~0x8000U) == 0x200 &&
                         f[17] == std::byte{3};
  if (!arguments || text_size == 0 || frame.size() != text_offset + text_size) return {};
  if (frame.back() != std::byte{0}) return {};
  const auto number = proto::load_le<std::uint64_t>(f + 30);
  return StandardMessage{number >> sequence_bits,
                         number & ((std::uint64_t{1} << sequence_bits) - 1),
                         std::bit_cast<double>(proto::load_le<std::uint64_t>(f + 42)),
                         {reinterpret_cast<const char*>(f + text_offset), text_size - 1U}};
}

// A prepared standard message, byte for byte what the library would write.
[[nodiscard]] std::vector<std::byte> make_standard(AppId app, std::uint64_t producer, std::uint64_t sequence,
                                                   double sent_ns, std::string_view text);

}  // namespace dlt::bench
