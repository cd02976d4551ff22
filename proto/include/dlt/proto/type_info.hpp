// The 32-bit type info in front of each verbose argument (AUTOSAR PRS Dlt protocol 1; the last two codings are GENIVI's).
#pragma once

#include <cstddef>
#include <cstdint>

namespace dlt::proto::type_info {

inline constexpr std::uint32_t length_mask = 0x0f;  // 1 = 8, 2 = 16, 3 = 32, 4 = 64, 5 = 128 bit
inline constexpr std::uint32_t boolean = 0x10;
inline constexpr std::uint32_t signed_int = 0x20;
inline constexpr std::uint32_t unsigned_int = 0x40;
inline constexpr std::uint32_t floating = 0x80;
inline constexpr std::uint32_t array = 0x100;
inline constexpr std::uint32_t string = 0x200;
inline constexpr std::uint32_t raw = 0x400;
inline constexpr std::uint32_t variable_info = 0x800;
inline constexpr std::uint32_t fixed_point = 0x1000;
inline constexpr std::uint32_t trace_info = 0x2000;
inline constexpr std::uint32_t structure = 0x4000;
inline constexpr std::uint32_t coding_mask = 0x38000;
inline constexpr std::uint32_t coding_utf8 = 0x8000;
inline constexpr std::uint32_t coding_hex = 0x10000;
inline constexpr std::uint32_t coding_bin = 0x18000;

// The length code of a number of this many bytes.
[[nodiscard]] constexpr std::uint32_t length_of(std::size_t bytes) noexcept {
  return bytes == 1 ? 1U : bytes == 2 ? 2U : bytes == 4 ? 3U : bytes == 8 ? 4U : 5U;
}

}  // namespace dlt::proto::type_info
