// How values become DLT arguments, and how a program teaches its own types.
//
// Loggable: bool, integers, enums, floating point, text (anything that converts to string_view, char), pointers,
// std::chrono durations (number and unit), std::span<const std::byte> as raw data, and the wrappers below.
// Everything else needs a specialisation of dlt::Encoder:
//
//   template <> struct dlt::Encoder<Position> {
//     static void encode(ArgumentWriter& out, const Position& p) noexcept { out.number(p.lat), out.number(p.lon); }
//   };
//
// encode() may run twice for one message (once more when a chunk turned out too short) and must not log.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "dlt/detail/export.hpp"
#include "dlt/proto/type_info.hpp"

namespace dlt {

class ArgumentWriter;

template <class T>
struct Encoder;  // specialise for your own types

template <class T>
concept HasEncoder = requires(ArgumentWriter& out, const T& value) {
  { Encoder<T>::encode(out, value) } noexcept;
};

// ── Wrappers that change how a value is shown ────────────────────────────────────────────────────────────────────────

template <class T>
struct Hex {
  T value;
};
template <class T>
struct Bin {
  T value;
};
template <class T>
struct KeyValue {
  std::string_view key;
  const T& value;
};
template <class T>
struct Named {
  std::string_view name;
  T value;
  std::string_view unit;
};

// Shown in hexadecimal by every viewer.
template <std::unsigned_integral T>
[[nodiscard]] constexpr Hex<T> hex(T value) noexcept {
  return {value};
}
// Shown in binary by every viewer; DLT knows this for 8 and 16 bits.
template <std::unsigned_integral T>
  requires(sizeof(T) <= 2)
[[nodiscard]] constexpr Bin<T> bin(T value) noexcept {
  return {value};
}
// "key=" followed by the value; allowed behind the arguments that the format names. Keys of letters, digits, '_', '.'
// and '-' come out as fields of `dlt-daemon cat --format json`. Inside the Encoder of a value that has a key itself,
// they have that in front: kv("pos", position) with kv("lat", p.lat) in Encoder<Position> is "pos=" "pos.lat=" 52.5.
template <class T>
[[nodiscard]] constexpr KeyValue<T> kv(std::string_view key, const T& value) noexcept {
  return {key, value};
}
// A number with name and unit on the wire (VARI). Wireshark stops decoding a message there; most viewers show them.
template <class T>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
[[nodiscard]] constexpr Named<T> named(std::string_view name, T value, std::string_view unit = {}) noexcept {
  return {name, value, unit};
}

namespace detail {
// The keys around the value that is being encoded, innermost first.
struct KeyPath {
  std::string_view key;
  const KeyPath* outer;
};
}  // namespace detail

// ── The bounded writer for user types ────────────────────────────────────────────────────────────────────────────────

// Writes arguments into the frame that is being built. Text that does not fit is cut and marked; what comes after is
// left out. Used by one thread, only while encode() runs.
class ArgumentWriter {
 public:
  ArgumentWriter(std::byte* begin, std::byte* end, bool cut_text) noexcept : at_(begin), end_(end), cut_(cut_text) {}

  template <class T>
    requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
  void number(T value) noexcept;
  void boolean(bool value) noexcept;
  DLT_EXPORT void text(std::string_view value) noexcept;  // UTF-8
  DLT_EXPORT void raw(std::span<const std::byte> value) noexcept;
  // Anything that a log call takes: number, text, kv(), another type with an Encoder …
  template <class T>
  void value(const T& value) noexcept;

  [[nodiscard]] std::byte* position() const noexcept { return at_; }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

  // "key=", with the keys around it in front.
  DLT_EXPORT void key(std::string_view key) noexcept;
  // Encodes with this key in front of others.
  template <class Encode>
  void beneath(std::string_view key, Encode&& encode) noexcept {
    const detail::KeyPath here{key, path_};
    path_ = &here;
    encode();
    path_ = here.outer;
  }

  // Claims `size` bytes for one argument; nullptr when they are not there.
  [[nodiscard]] std::byte* claim(std::size_t size) noexcept {
    if (overflowed_ || static_cast<std::size_t>(end_ - at_) < size || count_ == 255) {
      overflowed_ = true;
      return nullptr;
    }
    std::byte* p = at_;
    at_ += size;
    ++count_;
    return p;
  }

 private:
  std::byte* at_;
  std::byte* end_;
  const detail::KeyPath* path_ = nullptr;
  std::uint32_t count_ = 0;
  bool cut_;
  bool overflowed_ = false;
};

}  // namespace dlt

#include "dlt/detail/arguments.hpp"
