// A point in time as people write it: `--since`, `--until`.
//
//   2026-11-26 15:04:05.25    local time; also 2026-11-26T15:04, 2026/11/26, with Z or +01:00 behind it for that zone
//   15:04[:05]                today, local time
//   -10min                    before now; units: us ms s min h d
//   @1700000000.5             seconds since 1970 UTC
//
// Pure apart from the time zone of the process; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dlt::tools {

// Microseconds since 1970 UTC; nothing: the text is no such time. `now_us`: what relative times and "today" refer to.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_us);

// "2023-11-14T22:13:20.123456Z", appended.
void append_iso_time(std::string& out, std::int64_t us);

// Seconds east of UTC that the process's time zone has at that time. Remembers the last quarter of an hour, within
// which no zone changes. One thread per object.
class UtcOffset {
 public:
  [[nodiscard]] std::int32_t at(std::uint32_t seconds);

 private:
  std::int64_t quarter_ = -1;
  std::int32_t offset_ = 0;
};

}  // namespace dlt::tools
