#include "tools/harmless.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace dlt::tools {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

struct Character {
  std::size_t size = 1;  // bytes
  std::uint32_t code = 0;
  bool good = false;
};

bool speaks(std::uint32_t c) noexcept {
  const bool control = (c < ' ' && c != '\n') || (c >= 0x7f && c < 0xa0);
  return control || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

// The one at the front; a byte that begins none is one of its own, and no good one.
Character character(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, first, !speaks(first)};
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};  // by size: shorter forms are not UTF-8
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {1, first, false};
  std::uint32_t code = first & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {1, first, false};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {1, first, false};
  return {size, code, !speaks(code)};
}

void append_escaped(std::string& out, std::string_view bytes, std::uint32_t code, Escape how) {
  if (how == Escape::json) {
    out += "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) out += digits[code >> (shift - 4) & 15];
    return;
  }
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (out += "\\x") += {digits[byte >> 4], digits[byte & 15]};
  }
}

}  // namespace

void make_harmless(std::string& text, std::size_t from, Escape how) {
  std::string fresh;
  for (std::string_view rest = std::string_view(text).substr(from); !rest.empty();) {
    const Character c = character(rest);
    if (c.good) fresh += rest.substr(0, c.size);
    else append_escaped(fresh, rest.substr(0, c.size), c.code, how);
    rest.remove_prefix(c.size);
  }
  text.replace(from, std::string::npos, fresh);
}

}  // namespace dlt::tools
