// The only places where bytes become numbers and numbers become bytes. The byte order is part of each name.
//
// Both classes are bounded: a reader or writer that runs out stays failed (ok() == false), returns zeros, and never
// touches memory outside its span. So a decoder reads all fields and checks ok() once.
// Views returned by a reader live as long as the bytes it was given. One thread at a time per object.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace dlt::proto {

using Bytes = std::span<const std::byte>;

[[nodiscard]] inline Bytes as_bytes(std::string_view s) noexcept { return std::as_bytes(std::span(s)); }
[[nodiscard]] inline std::string_view as_text(Bytes b) noexcept {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

namespace detail {
template <std::unsigned_integral T>
[[nodiscard]] constexpr T byteswap(T v) noexcept {
  if constexpr (sizeof(T) == 1) return v;
  else if constexpr (sizeof(T) == 2) return __builtin_bswap16(v);
  else if constexpr (sizeof(T) == 4) return __builtin_bswap32(v);
  else return __builtin_bswap64(v);
}
template <std::unsigned_integral T>
[[nodiscard]] constexpr T ordered(T v, std::endian order) noexcept {
  return order == std::endian::native ? v : byteswap(v);
}
}  // namespace detail

// Unchecked loads for hot loops that have compared the length already.
template <std::unsigned_integral T>
[[nodiscard]] inline T load_le(const void* p) noexcept {
  T v;
  std::memcpy(&v, p, sizeof v);
  return detail::ordered(v, std::endian::little);
}
template <std::unsigned_integral T>
[[nodiscard]] inline T load_be(const void* p) noexcept {
  T v;
  std::memcpy(&v, p, sizeof v);
  return detail::ordered(v, std::endian::big);
}
template <std::unsigned_integral T>
inline void store_le(void* p, T v) noexcept {
  v = detail::ordered(v, std::endian::little);
  std::memcpy(p, &v, sizeof v);
}
template <std::unsigned_integral T>
inline void store_be(void* p, T v) noexcept {
  v = detail::ordered(v, std::endian::big);
  std::memcpy(p, &v, sizeof v);
}

class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) noexcept : bytes_(bytes) {}

  template <std::unsigned_integral T>
  [[nodiscard]] T number(std::endian order) noexcept {
    if (!need(sizeof(T))) return 0;
    const T v = order == std::endian::little ? load_le<T>(bytes_.data() + at_) : load_be<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return v;
  }
  [[nodiscard]] std::uint8_t u8() noexcept { return number<std::uint8_t>(std::endian::native); }
  [[nodiscard]] std::uint16_t u16_le() noexcept { return number<std::uint16_t>(std::endian::little); }
  [[nodiscard]] std::uint32_t u32_le() noexcept { return number<std::uint32_t>(std::endian::little); }
  [[nodiscard]] std::uint64_t u64_le() noexcept { return number<std::uint64_t>(std::endian::little); }
  [[nodiscard]] std::uint16_t u16_be() noexcept { return number<std::uint16_t>(std::endian::big); }
  [[nodiscard]] std::uint32_t u32_be() noexcept { return number<std::uint32_t>(std::endian::big); }
  [[nodiscard]] std::int8_t i8() noexcept { return static_cast<std::int8_t>(u8()); }
  [[nodiscard]] std::int32_t i32_le() noexcept { return static_cast<std::int32_t>(u32_le()); }

  // The next n bytes as a view; empty and failed when there are fewer.
  [[nodiscard]] Bytes take(std::size_t n) noexcept {
    if (!need(n)) return {};
    const Bytes b = bytes_.subspan(at_, n);
    at_ += n;
    return b;
  }
  template <class IdType>
  [[nodiscard]] IdType id() noexcept {
    const Bytes b = take(4);
    return b.empty() ? IdType{} : IdType::from_bytes(b.data());
  }
  void skip(std::size_t n) noexcept { (void)take(n); }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t position() const noexcept { return at_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size() - at_; }
  [[nodiscard]] Bytes rest() const noexcept { return bytes_.subspan(at_); }

 private:
  bool need(std::size_t n) noexcept {
    if (!ok_ || bytes_.size() - at_ < n) ok_ = false;
    return ok_;
  }

  Bytes bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::byte> out) noexcept : out_(out) {}

  template <std::unsigned_integral T>
  void number(T v, std::endian order) noexcept {
    if (!need(sizeof(T))) return;
    order == std::endian::little ? store_le(out_.data() + at_, v) : store_be(out_.data() + at_, v);
    at_ += sizeof(T);
  }
  void u8(std::uint8_t v) noexcept { number(v, std::endian::native); }
  void u16_le(std::uint16_t v) noexcept { number(v, std::endian::little); }
  void u32_le(std::uint32_t v) noexcept { number(v, std::endian::little); }
  void u64_le(std::uint64_t v) noexcept { number(v, std::endian::little); }
  void u16_be(std::uint16_t v) noexcept { number(v, std::endian::big); }
  void u32_be(std::uint32_t v) noexcept { number(v, std::endian::big); }
  void i8(std::int8_t v) noexcept { u8(static_cast<std::uint8_t>(v)); }
  void i32_le(std::int32_t v) noexcept { u32_le(static_cast<std::uint32_t>(v)); }
  void bytes(Bytes b) noexcept {
    if (!need(b.size())) return;
    if (!b.empty()) std::memcpy(out_.data() + at_, b.data(), b.size());
    at_ += b.size();
  }
  void text(std::string_view s) noexcept { bytes(as_bytes(s)); }
  template <class IdType>
  void id(const IdType& v) noexcept {
    bytes(std::as_bytes(std::span(v.bytes(), 4)));
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t size() const noexcept { return at_; }
  [[nodiscard]] Bytes written() const noexcept { return out_.first(at_); }

 private:
  bool need(std::size_t n) noexcept {
    if (!ok_ || out_.size() - at_ < n) ok_ = false;
    return ok_;
  }

  std::span<std::byte> out_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace dlt::proto
