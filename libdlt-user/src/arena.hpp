// The memory of all chunks of the process: one sealed memfd, so that the daemon can hold it too and read what was
// committed but not sent when the process is killed. proto/arena.hpp draws it, proto/FORMAT.md explains it.
//
// Chunks lie one behind the other, each a whole number of granules long; its header says how long.
// The file has its full size from the start (sealed_memory.hpp).
//
// Owner: the core of the session; never unmapped while threads may log.
// take() and books() may be called from any thread, lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "books.hpp"
#include "chunk.hpp"
#include "dlt/options.hpp"
#include "dlt/proto/arena.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::detail {

// Frames that the uplink took out of their chunk because the socket took them only in part. The uplink writes it;
// `length` is stored last and cleared first.
struct CarryRecord {
  std::atomic<std::uint32_t> length{0};
  std::atomic<std::uint32_t> done{0};
  std::atomic<std::uint32_t> slot{0};
  std::atomic<std::uint32_t> chunk{0};
  std::atomic<std::uint32_t> offset{0};
};

class Arena {
 public:
  static constexpr std::uint32_t granule = proto::arena::granule;

  Arena() = default;
  ~Arena();  // of a session that could not be started, and in tests
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Creates the file with room for `bytes`, rounded down to whole granules.
  std::error_code open(std::uint64_t bytes) noexcept;

  void abandon_in_child() noexcept;  // after fork; see SealedMemory

  // A chunk that nobody had before, `bytes` long with its header (a multiple of the granule); nullptr when the arena
  // is used up.
  [[nodiscard]] Chunk* take(std::uint32_t bytes) noexcept;
  // The books of a slot; nullptr where the table ends. Slot 0 is for messages of threads that have no queue.
  [[nodiscard]] Books* books(std::uint32_t slot) noexcept;

  // For the uplink.
  [[nodiscard]] CarryRecord& carry() noexcept;
  [[nodiscard]] std::byte* carry_frames() noexcept { return base_ + proto::arena::carry_frames_at; }

  // What Loss messages on connections before the present one have told; first sender.
  void set_told(std::uint32_t buffer, std::size_t cause, std::uint64_t count) noexcept;
  void set_mode(std::uint32_t buffer, std::uint64_t mode) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }  // owned by the arena
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // Sealed and locked as a daemon wants it; else it is not told of the file (kernels before 5.1).
  [[nodiscard]] bool shareable() const noexcept { return shareable_; }

 private:
  struct Header {
    char magic[8];
    std::uint32_t version;
    std::uint32_t pid;
    std::uint32_t granule;
    std::uint32_t slots;
    std::atomic<std::uint64_t> used;  // from the start of the file; relaxed: only the number counts
    std::uint64_t slots_at;
    std::uint64_t first_chunk;
  };
  struct Buffer {
    std::array<Counter, proto::local::loss_causes> told;
    Counter mode;
  };
  static_assert(sizeof(Header) <= proto::arena::carry_at && sizeof(Buffer) == proto::arena::buffer_size &&
                Options::max_buffers == proto::arena::max_buffers);

  [[nodiscard]] Buffer& buffer(std::uint32_t index) noexcept;

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::byte* base_ = nullptr;
  Header* header_ = nullptr;
  bool shareable_ = false;
};

}  // namespace dlt::detail
