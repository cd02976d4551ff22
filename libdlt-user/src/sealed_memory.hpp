// A memory file of this process that the daemon may hold, too: of a fixed size, sealed against shrinking, growing and
// further writable mappings, and with a record lock on its first byte, which the kernel takes away with the process: so
// the daemon can tell a lost connection from a lost process.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dlt/proto/error.hpp"

namespace dlt::detail {

struct SealedMemory {
  int fd = -1;
  std::byte* base = nullptr;
  // Without the last seal (kernels before 5.1) or the lock the daemon is not told of the file.
  bool shareable = false;

  // The whole of it is mapped; pages appear when they are touched. What failed leaves nothing behind.
  [[nodiscard]] static Result<SealedMemory> make(const char* name, std::uint64_t size) noexcept;
  // After fork, in the child: gives the file back and puts memory of the child's own in its place, so that a log call
  // that was interrupted by the fork (in a signal handler) writes there and not between the parent's messages.
  static void abandon_in_child(int fd, void* base, std::uint64_t size) noexcept;
};

}  // namespace dlt::detail
