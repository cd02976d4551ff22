// The memory of all chunks of the process: one sealed memfd, so that the daemon can hold it too and read what was
// committed but not sent when the process is killed.
//
//   0    magic "DLTARENA" | 8 version u32 | 12 pid u32 | 16 chunk size u32 | 20 chunks in use u32 | 64 KiB … chunks
//
// The file has its full size from the start (pages appear when they are touched) and is sealed against shrinking,
// growing and further writable mappings. Owner: the core of the session; never unmapped while the process lives.
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
  static constexpr std::uint32_t chunk_size = 64 * 1024;  // with its header
  static constexpr std::size_t first_chunk = 64 * 1024;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Creates the file with room for `bytes`, rounded down to whole chunks.
  std::error_code open(std::uint64_t bytes) noexcept;

  // A chunk that nobody had before; nullptr when the arena is used up.
  [[nodiscard]] Chunk* take() noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }  // owned by the arena
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  struct Header {
    char magic[8];
    std::uint32_t version;
    std::uint32_t pid;
    std::uint32_t chunk_size;
    std::atomic<std::uint32_t> used;  // relaxed: only the number counts
  };

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint32_t chunks_ = 0;
  Header* header_ = nullptr;
};

}  // namespace dlt::detail
