// The four-character names of DLT: ECU, application and context. Zero padded, compared as four bytes, not NUL
// terminated when all four are used. Three types, so that they cannot be swapped.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace dlt {

template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  // Takes the first four characters; what follows is cut, as every DLT implementation does.
  constexpr Id(std::string_view text) noexcept {  // NOLINT(google-explicit-constructor): ids are written as literals
    for (std::size_t i = 0; i < 4 && i < text.size() && text[i] != '\0'; ++i) bytes_[i] = text[i];
  }
  constexpr Id(const char* text) noexcept : Id(std::string_view(text)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] static Id from_bytes(const void* four) noexcept {
    Id id;
    std::memcpy(id.bytes_.data(), four, 4);
    return id;
  }

  // The characters without the padding; a view into this object.
  [[nodiscard]] constexpr std::string_view text() const noexcept {
    std::size_t n = 0;
    while (n < 4 && bytes_[n] != '\0') ++n;
    return {bytes_.data(), n};
  }
  [[nodiscard]] constexpr const char* bytes() const noexcept { return bytes_.data(); }
  // The four bytes as one number, for hashing and comparing; the first character is the lowest byte.
  [[nodiscard]] constexpr std::uint32_t key() const noexcept {
    std::uint32_t k = 0;
    for (std::size_t i = 0; i < 4; ++i)
      k |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
    return k;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bytes_[0] == '\0'; }

  friend constexpr auto operator<=>(const Id&, const Id&) = default;

 private:
  std::array<char, 4> bytes_{};
};

using EcuId = Id<struct EcuTag>;
using AppId = Id<struct AppTag>;
using ContextId = Id<struct ContextTag>;

}  // namespace dlt

template <class Tag>
struct std::hash<dlt::Id<Tag>> {
  std::size_t operator()(const dlt::Id<Tag>& id) const noexcept { return std::hash<std::uint32_t>{}(id.key()); }
};
