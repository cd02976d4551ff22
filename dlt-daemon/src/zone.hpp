// The local time zone as it is now. Any thread.
#pragma once

#include <cstdint>
#include <ctime>

namespace dlt::daemon {

struct Zone {
  std::int32_t offset_s = 0;  // east of UTC
  bool dst = false;           // daylight saving time
};

[[nodiscard]] inline Zone zone_now() noexcept {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  if (::localtime_r(&now, &local) == nullptr) return {};
  return {static_cast<std::int32_t>(local.tm_gmtoff), local.tm_isdst > 0};
}

}  // namespace dlt::daemon
