// How large a ring of the daemon's own flight recorder may be. Constants: from any thread.
#pragma once

#include <cstdint>

namespace dlt::daemon {

inline constexpr std::uint64_t recorder_bytes_least = 1 << 20;  // a few of the longest frames
inline constexpr std::uint64_t recorder_bytes_most = 256 << 20;

}  // namespace dlt::daemon
