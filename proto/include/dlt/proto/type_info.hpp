// The 32-bit type info in front of each verbose argument (AUTOSAR PRS Dlt protocol 1; the codings hex and bin are
// GENIVI's).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace dlt::proto {

namespace type_info {
inline constexpr std::uint32_t length_mask = 0x0000000f;
inline constexpr std::uint32_t bits_8 = 1;
inline constexpr std::uint32_t bits_16 = 2;
inline constexpr std::uint32_t bits_32 = 3;
inline constexpr std::uint32_t bits_64 = 4;
inline constexpr std::uint32_t bits_128 = 5;
inline constexpr std::uint32_t boolean = 0x10;
inline constexpr std::uint32_t signed_integer = 0x20;
inline constexpr std::uint32_t unsigned_integer = 0x40;
inline constexpr std::uint32_t floating = 0x80;
inline constexpr std::uint32_t array = 0x100;
inline constexpr std::uint32_t string = 0x200;
inline constexpr std::uint32_t raw = 0x400;
inline constexpr std::uint32_t named = 0x800;         // VARI: a name, and a unit where the value is a number
inline constexpr std::uint32_t fixed_point = 0x1000;  // quantization and offset before the value
inline constexpr std::uint32_t trace_info = 0x2000;
inline constexpr std::uint32_t structure = 0x4000;
inline constexpr std::uint32_t coding_mask = 0x38000;
inline constexpr std::uint32_t ascii = 0;
inline constexpr std::uint32_t utf8 = 0x8000;
inline constexpr std::uint32_t hex = 0x10000;  // a hint how to show a number
inline constexpr std::uint32_t bin = 0x18000;  // likewise

// The size of a number of this type in bytes: 1, 2, 4, 8, 16; 0 for a length that does not exist.
[[nodiscard]] constexpr std::size_t size(std::uint32_t type) noexcept {
  const std::uint32_t length = type & length_mask;
  return length >= bits_8 && length <= bits_128 ? std::size_t{1} << (length - 1) : 0;
}
template <class T>
[[nodiscard]] constexpr std::uint32_t length_of() noexcept {
  static_assert(sizeof(T) <= 8);
  return static_cast<std::uint32_t>(std::countr_zero(sizeof(T))) + 1;
}
}  // namespace type_info

}  // namespace dlt::proto
