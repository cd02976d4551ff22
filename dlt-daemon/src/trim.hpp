// Text without the blanks around it. Pure; any thread.
#pragma once

#include <string_view>

namespace dlt::daemon {

[[nodiscard]] inline std::string_view trim(std::string_view s) noexcept {
  constexpr std::string_view blank = " \t\r";
  const auto first = s.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(blank) - first + 1);
}

}  // namespace dlt::daemon
