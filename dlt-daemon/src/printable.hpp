// Text from outside for people: what is not printable ASCII is shown as \xNN, so that it can neither end a line nor
// speak to a terminal. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace dlt::daemon {

[[nodiscard]] inline std::string printable(std::string_view text, std::size_t limit = std::string_view::npos) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f) out += c;
    else (out += "\\x") += {digits[byte >> 4], digits[byte & 15]};
  }
  return text.size() > limit ? out + "..." : out;
}

}  // namespace dlt::daemon
