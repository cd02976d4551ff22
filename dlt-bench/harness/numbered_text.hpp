// Texts of a given length that begin with a number: ten digits and a blank. Pure; any thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dlt::bench {

inline constexpr std::size_t number_digits = 10;

// A text of `bytes` (at least 11), to be given its number by set_number.
[[nodiscard]] inline std::string numbered_text(std::size_t bytes) {
  std::string text(number_digits, '0');
  text += ' ';
  for (char c = 'a'; text.size() < bytes; c = c == 'z' ? 'a' : static_cast<char>(c + 1)) text += c;
  return text;
}
inline void set_number(std::string& text, std::uint64_t n) noexcept {
  for (std::size_t i = number_digits; i-- > 0; n /= 10) text[i] = static_cast<char>('0' + n % 10);
}
[[nodiscard]] inline std::optional<std::uint64_t> number_of_text(std::string_view text) noexcept {
  std::uint64_t n = 0;
  if (text.size() <= number_digits) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + number_digits, n);
  if (error != std::errc{} || end != text.data() + number_digits) return {};
  return n;
}

}  // namespace dlt::bench
