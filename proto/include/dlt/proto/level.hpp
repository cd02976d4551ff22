// Log levels, with the values that they have on the wire (MTIN of a log message, levels in control messages).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dlt {

enum class Level : std::int8_t {
  by_default = -1,  // "whatever the default is"; never the level of a message
  off = 0,
  fatal = 1,
  error = 2,
  warn = 3,
  info = 4,
  debug = 5,
  verbose = 6,
};

// "fatal" … "verbose", "off", "default".
[[nodiscard, gnu::visibility("default")]] std::string_view name(Level level) noexcept;

// A name (any case; also "warning") or a number -1..6, as DLT_INITIAL_LOG_LEVEL and the tools write it.
[[nodiscard, gnu::visibility("default")]] std::optional<Level> parse_level(std::string_view text) noexcept;

}  // namespace dlt
