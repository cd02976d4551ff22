// The memory of all chunks of the process: one sealed memfd, so that the daemon can hold it too and read what was
// committed but not sent when the process is killed.
//
//   0    magic "DLTARENA" | 8 version u32 | 12 pid u32 | 16 granule u32 | 24 bytes in use u64 | 64 KiB … chunks
//
// Chunks lie one behind the other, each a whole number of granules long; its header says how long.
// The file has its full size from the start (pages appear when they are touched) and is sealed against shrinking,
// growing and further writable mappings. Owner: the core of the session; never unmapped while threads may log.
// take() may be called from any thread, lock-free.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "chunk.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::detail {

class Arena {
 public:
  static constexpr std::uint32_t granule = 16 * 1024;
  static constexpr std::size_t first_chunk = 64 * 1024;

  Arena() = default;
  ~Arena();  // of a session that could not be started, and in tests
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Creates the file with room for `bytes`, rounded down to whole granules.
  std::error_code open(std::uint64_t bytes) noexcept;

  // After fork, in the child: gives the file back and puts memory of the child's own in its place, so that a log call
  // that was interrupted by the fork (in a signal handler) writes there and not between the parent's messages.
  void abandon_in_child() noexcept;

  // A chunk that nobody had before, `bytes` long with its header (a multiple of the granule); nullptr when the arena
  // is used up.
  [[nodiscard]] Chunk* take(std::uint32_t bytes) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }  // owned by the arena
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  struct Header {
    char magic[8];
    std::uint32_t version;
    std::uint32_t pid;
    std::uint32_t granule;
    std::atomic<std::uint64_t> used;  // from the start of the file; relaxed: only the number counts
  };

  int fd_ = -1;
  std::uint64_t size_ = 0;
  Header* header_ = nullptr;
};

}  // namespace dlt::detail
