// The text of a log call, taken apart by the compiler.
//
// "{}" stands for the next argument; every other character, other braces included, is text, but "{:" and "{0" are
// refused because somebody expects them to mean something. The pieces of text between the placeholders become string
// arguments of their own; empty pieces become nothing. Arguments behind the last placeholder must be kv().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dlt/detail/arguments.hpp"

namespace dlt::detail {

// Not constexpr: calling one of these while compiling is the error message.
void the_format_has_more_placeholders_than_arguments();
void an_argument_without_placeholder_must_be_kv();
void only_plain_placeholders_are_understood();

template <class... Args>
class FormatString {
 public:
  static constexpr std::size_t max_pieces = sizeof...(Args) + 1;

  template <std::size_t N>
  consteval FormatString(const char (&text)[N]) {  // NOLINT(google-explicit-constructor): written as a literal
    const std::size_t length = N - 1;
    std::size_t begin = 0;
    std::size_t placeholders = 0;
    for (std::size_t i = 0; i + 1 < length; ++i) {
      if (text[i] != '{') continue;
      if (text[i + 1] == ':' || (text[i + 1] >= '0' && text[i + 1] <= '9')) only_plain_placeholders_are_understood();
      if (text[i + 1] != '}') continue;
      if (placeholders == sizeof...(Args)) the_format_has_more_placeholders_than_arguments();
      pieces_[placeholders++] = std::string_view(text + begin, i - begin);
      begin = i + 2;
      ++i;
    }
    pieces_[placeholders] = std::string_view(text + begin, length - begin);
    constexpr std::array<bool, sizeof...(Args) + 1> keyed{is_key_value<Args>..., true};
    for (std::size_t i = placeholders; i < sizeof...(Args); ++i)
      if (!keyed[i]) an_argument_without_placeholder_must_be_kv();
  }

  // The text in front of argument i; i == number of arguments: behind the last.
  [[nodiscard]] DLT_INLINE constexpr std::string_view piece(std::size_t i) const noexcept { return pieces_[i]; }

 private:
  std::array<std::string_view, max_pieces> pieces_{};
};

}  // namespace dlt::detail
