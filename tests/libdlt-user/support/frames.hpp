// DLT frames for tests that only move them: 26 bytes of headers (not meaningful) and a number.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "dlt/proto/bytes.hpp"

namespace dlt::test {

inline constexpr std::size_t frame_size = 40;

inline void put_frame(std::byte* at, std::uint64_t number, std::size_t size = frame_size) {
  std::memset(at, 0, size);
  at[0] = std::byte{0x3d};
  proto::store_be(at + 2, static_cast<std::uint16_t>(size));
  proto::store_le(at + 26, number);
}

[[nodiscard]] inline std::vector<std::byte> frames(std::uint64_t first, std::size_t count,
                                                   std::size_t size = frame_size) {
  std::vector<std::byte> all(count * size);
  for (std::size_t i = 0; i < count; ++i) put_frame(all.data() + i * size, first + i, size);
  return all;
}

// The numbers of the frames in these bytes; ends with a 0 when they do not tile.
[[nodiscard]] inline std::vector<std::uint64_t> numbers(proto::Bytes bytes) {
  std::vector<std::uint64_t> all;
  while (bytes.size() >= 34) {
    const std::size_t n = proto::load_be<std::uint16_t>(bytes.data() + 2);
    if (n < 34 || n > bytes.size()) break;
    all.push_back(proto::load_le<std::uint64_t>(bytes.data() + 26));
    bytes = bytes.subspan(n);
  }
  if (!bytes.empty()) all.push_back(0);
  return all;
}

}  // namespace dlt::test
