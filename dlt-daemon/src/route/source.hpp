// Who is at the other end of an application's connection: what the kernel says, not what the peer says of itself.
#pragma once

#include <cstdint>

namespace dlt::daemon {

using SessionId = std::uint64_t;  // of an application's connection; never used twice
using Uid = std::uint32_t;

inline constexpr Uid unknown_uid = 0xffff'ffff;  // came by TCP: the kernel does not know; all of them count as one user
// Came by the incumbent's FIFO, which tells nothing about who writes: all of them count as one user, who has nothing
// for itself. What it registers under an id is given up as soon as a user of a socket registers that id; see Registry.
inline constexpr Uid fifo_uid = 0xffff'fffe;

struct Source {
  SessionId session = 0;
  Uid uid = unknown_uid;
  std::int32_t pid = 0;  // 0: unknown, the application's own word counts
};

}  // namespace dlt::daemon
