// One argument of a verbose message: type info, then what the type info announces.
//
//   u32 type info | [counts of an array] | [lengths, name, unit (VARI)] | [quantization, offset (FIXP)] | value
//
// Every number, the type info too, follows the payload's byte order. FORMAT.md has a row and an example for each type.
// decode_argument() reads any type; encode_argument() writes what decode gives, for tools and tests (the library's hot
// path writes its bytes itself, with the constants below). Views point into the decoded payload. Pure; any thread.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/type_info.hpp"

namespace dlt::proto {

// A number without a type in this language: 128-bit integers, floats of 8, 16 or 128 bits. The bytes as they came.
struct WideNumber {
  Bytes bytes;
};
struct Text {
  std::string_view text;  // without the NUL that ends it; the type info tells ASCII from UTF-8
};
struct Raw {
  Bytes bytes;
};
struct TraceInfo {
  std::string_view text;
};
struct Argument;
// Numbers of one type, row by row. Whether they are named or fixed point is told by the argument around them.
struct Array {
  std::uint32_t element_type = 0;  // kind, length and hint
  Bytes dimensions;                // u16 each: the number of elements in that dimension
  Bytes elements;
  [[nodiscard]] std::size_t size() const noexcept;
  // Element i < size().
  [[nodiscard]] Argument at(std::size_t i, std::endian order) const noexcept;
};
// Arguments in an argument; Arguments{entries, count, order} walks them.
struct Struct {
  std::uint16_t count = 0;
  Bytes entries;
};

struct FixedPoint {  // what it stands for: value * quantization + offset
  float quantization = 1;
  std::int64_t offset = 0;  // the lower 64 bits where the value has 128
};

struct Argument {
  using Value =
      std::variant<bool, std::int64_t, std::uint64_t, float, double, WideNumber, Text, Raw, TraceInfo, Array, Struct>;

  std::uint32_t type = 0;
  Value value;
  std::string_view name{};  // empty unless type_info::named; without the NUL
  std::string_view unit{};  // numbers only
  std::optional<FixedPoint> fixed_point{};

  // The same with a name (and unit) of at most 65534 bytes.
  [[nodiscard]] Argument with_name(std::string_view the_name, std::string_view the_unit = {}) const noexcept;
  // The same number with type_info::hex or type_info::bin.
  [[nodiscard]] Argument shown_as(std::uint32_t hint) const noexcept;
};

[[nodiscard]] inline Argument argument(bool v) noexcept { return {type_info::boolean | type_info::bits_8, v}; }
template <std::signed_integral T>
[[nodiscard]] Argument argument(T v) noexcept {
  return {type_info::signed_integer | type_info::length_of<T>(), std::int64_t{v}};
}
template <std::unsigned_integral T>
[[nodiscard]] Argument argument(T v) noexcept {
  return {type_info::unsigned_integer | type_info::length_of<T>(), std::uint64_t{v}};
}
[[nodiscard]] inline Argument argument(float v) noexcept { return {type_info::floating | type_info::bits_32, v}; }
[[nodiscard]] inline Argument argument(double v) noexcept { return {type_info::floating | type_info::bits_64, v}; }
[[nodiscard]] inline Argument argument(std::string_view v) noexcept {
  return {type_info::string | type_info::utf8, Text{v}};
}
[[nodiscard]] inline Argument argument(const char* v) noexcept { return argument(std::string_view(v)); }
[[nodiscard]] inline Argument argument(Bytes v) noexcept { return {type_info::raw, Raw{v}}; }

// Structs in structs are followed this deep.
inline constexpr int max_struct_depth = 8;

// Reads one argument. Errc::truncated: the payload ends before the argument does. Errc::unsupported: a type info that
// names no type, or a number of a length that does not exist; nothing behind it can be read. Errc::bad_length: an
// array whose counts exceed any payload. Errc::too_large: structs nested too deep.
// Of several type bits the first counts, in the order STRU ARAY STRG BOOL SINT UINT FLOA RAWD TRAI (the incumbent's).
[[nodiscard]] Result<Argument> decode_argument(ByteReader& in, std::endian order) noexcept;

// Appends the argument. Texts and raw data longer than their u16 length can say are cut.
void encode_argument(ByteWriter& out, const Argument& a, std::endian order) noexcept;

// Walks the arguments of a payload:  while (args.more()) { auto a = args.next(); if (!a) break; … }
class Arguments {
 public:
  Arguments(Bytes payload, std::size_t count, std::endian order) noexcept : in_(payload), left_(count), order_(order) {}

  // False after the last one and after an error.
  [[nodiscard]] bool more() const noexcept { return left_ > 0; }
  // The next argument, or why the rest of the payload cannot be read. Call it only while more().
  [[nodiscard]] Result<Argument> next() noexcept;
  // Bytes behind the arguments read so far.
  [[nodiscard]] Bytes rest() const noexcept { return in_.rest(); }

 private:
  ByteReader in_;
  std::size_t left_;
  std::endian order_;
};

}  // namespace dlt::proto
