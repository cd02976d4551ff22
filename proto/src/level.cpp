#include "dlt/proto/level.hpp"

#include <array>
#include <utility>

namespace dlt {

namespace {

constexpr std::array<std::pair<std::string_view, Level>, 9> names{{{"off", Level::off},
                                                                   {"fatal", Level::fatal},
                                                                   {"error", Level::error},
                                                                   {"warn", Level::warn},
                                                                   {"info", Level::info},
                                                                   {"debug", Level::debug},
                                                                   {"verbose", Level::verbose},
                                                                   {"default", Level::by_default},
                                                                   {"warning", Level::warn}}};

bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view name(Level level) noexcept {
  for (const auto& [text, value] : names)
    if (value == level) return text;
  return "invalid";
}

std::optional<Level> parse_level(std::string_view text) noexcept {
  for (const auto& [lower, value] : names)
    if (equal_ignoring_case(text, lower)) return value;
  if (text == "-1") return Level::by_default;
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '6') return static_cast<Level>(text[0] - '0');
  return std::nullopt;
}

}  // namespace dlt
