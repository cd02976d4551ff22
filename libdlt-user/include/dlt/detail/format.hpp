// The text of a log call, taken apart by the compiler.
//
// "{}" stands for the next argument; every other character, other braces included, is text, but "{:" and "{0" are
// refused because somebody expects them to mean something. The pieces of text between the placeholders become string
// arguments of their own, without one blank beside a placeholder (viewers put it there); empty ones become nothing.
// Arguments behind the last placeholder must be kv().
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
      pieces_[placeholders] = between(text, begin, i, placeholders > 0, true);
      ++placeholders;
      begin = i + 2;
      ++i;
    }
    pieces_[placeholders] = between(text, begin, length, placeholders > 0, false);
    constexpr std::array<bool, sizeof...(Args) + 1> keyed{is_key_value<Args>..., true};
    for (std::size_t i = placeholders; i < sizeof...(Args); ++i)
      if (!keyed[i]) an_argument_without_placeholder_must_be_kv();
  }

  // The text in front of argument i; i == number of arguments: behind the last.
  [[nodiscard]] DLT_INLINE constexpr std::string_view piece(std::size_t i) const noexcept { return pieces_[i]; }

 private:
  // Every viewer puts a blank between two arguments: the one that the programmer put beside a placeholder is that one.
  static consteval std::string_view between(const char* text, std::size_t begin, std::size_t end, bool after_argument,
                                            bool before_argument) {
    if (after_argument && begin < end && text[begin] == ' ') ++begin;
    if (before_argument && begin < end && text[end - 1] == ' ') --end;
    return {text + begin, end - begin};
  }

  std::array<std::string_view, max_pieces> pieces_{};
};

}  // namespace dlt::detail
