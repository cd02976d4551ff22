// The queue of one thread in one buffer: chunks that the thread fills and a sender empties.
//
//   producer ──▶ open chunk ──(full)──▶ sealed ──▶ sender ──▶ socket
//       ▲                                            │
//       └───────────── free ◀────────────────────────┘        sealed and free: moodycamel queues of chunk pointers
//
// Invariants
//   - Chunks are numbered from 1 in the order in which they are opened; sealed ones leave in that order. In the
//     arena and on the wire a number is the lower half of that (chunk.hpp).
//   - A sealed chunk belongs to whoever dequeued its entry: the sender, or the producer that overwrites its oldest.
//   - What has been sent stays in its chunk until the daemon confirms it (thread_queue_confirm.cpp), in at most
//     `most_retained_` chunks; when the connection breaks it is sent again from there. In `block` no more than a
//     quarter of that is under way, in the modes that drop the oldest of it are given up.
//   - The sender reads the front of the open chunk only when no older sealed chunk is left; Chunk::State keeps the
//     producer from reusing it meanwhile. Nobody ever waits for the other side.
//   - A chunk is found open until after its entry among the sealed ones is there; then for a moment it is both, which
//     its number (not the next one) and its state (held) tell. So a producer that is suspended there hides no message.
//   - frames in == taken by the sender + overwritten + still in chunks, exactly; taken == delivered + lost at exit +
//     what the sender is about to write + what it has to send again.
//
// Threads: the members under "producer" belong to the owning thread, those under "sender" to whoever has the uplink's
// turn: mostly the one sender that drains the queue, but the first one when the daemon confirms, and whoever finds the
// connection broken (rewind). wake_blocked() and empty() need no turn. What is under "any thread" may be called by any.
// A queue outlives its thread and is then owned by another.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arena.hpp"
#include "buffer.hpp"
#include "chunk.hpp"
#include "dlt/detail/writer.hpp"
#include "dlt/stats.hpp"
#include "doorbell.hpp"
#include "slab.hpp"

namespace dlt::detail {

// moodycamel's queues take their memory from the slab and know no implicit producers. They have room for the chunks of
// a queue of which the daemon confirms everything soon; else, or when the other side is suspended inside one, it grows
// by a block, and that takes no lock either.
struct ChunkQueueTraits : moodycamel::ConcurrentQueueDefaultTraits {
  static constexpr std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 0;
  static void* malloc(std::size_t bytes) noexcept { return Slab::allocate(bytes); }
  static void free(void*) noexcept {}
};

class ThreadQueue;

// Whole frames that lie together in a chunk and were claimed by the sender.
struct Range {
  ThreadQueue* queue = nullptr;
  Chunk* chunk = nullptr;
  std::uint64_t number = 0;
  std::uint32_t from = 0;  // bytes
  std::uint32_t to = 0;
  std::uint32_t frames = 0;
  bool sealed = false;

  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {chunk->data() + from, to - from}; }
};

class ThreadQueue : public Writer {
 public:
  // As much as the kernel keeps for a daemon that does not read (Socket::send_buffer).
  static constexpr std::uint32_t most_retained_bytes = 4 << 20;
  static constexpr std::uint32_t max_ranges = 16;  // collected at once: the largest `limit`

  // The arena has books for this slot. Not to be used unless is_complete() says that the slab had room for its parts.
  // `first_chunk`: for tests of what is far away; its lower half is not 0.
  ThreadQueue(std::uint32_t slot, std::uint32_t buffer_index, BufferState& settings, Arena& arena, Doorbell& sender,
              std::uint32_t longest_message, std::uint64_t first_chunk = 1) noexcept;
  ThreadQueue(const ThreadQueue&) = delete;
  ThreadQueue& operator=(const ThreadQueue&) = delete;
  [[nodiscard]] bool is_complete() const noexcept {
    return spares_ != nullptr && seal_token_.valid() && free_token_.valid();
  }

  // ── producer ──
  // Makes room for `need` bytes; nullptr when the overflow mode refuses the message, which is counted.
  [[nodiscard]] std::byte* make_room(std::size_t need) noexcept;
  // A handler may interrupt a handler, so this one is a real addition.
  void count_nested() noexcept { books_.nested.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] bool try_own() noexcept;  // any thread, before it becomes the owner
  void disown() noexcept;
  [[nodiscard]] bool owned() const noexcept {
    return owned_.load(std::memory_order_relaxed);
  }  // a hint; try_own decides
  void ring() noexcept { sender_.ring(); }

  // ── sender ──
  // Appends up to `limit` claimed ranges to `out`; each must be given back with taken() or untouched(). Without memory
  // it throws and has claimed nothing.
  void collect(std::vector<Range>& out, std::size_t limit);
  void taken(const Range& range) noexcept;      // its bytes have left the chunk
  void untouched(const Range& range) noexcept;  // stays queued
  void delivered(std::uint32_t frames, std::uint64_t bytes) noexcept;
  // How much has ever been taken, to be shown to confirm() when the daemon has confirmed a range that was taken then.
  struct Taken {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Taken sent() const noexcept { return sent_; }
  // Everything up to `offset` in the chunk with that number has arrived for good.
  void confirm(std::uint64_t number, std::uint32_t offset, const Taken& sent) noexcept;
  void confirm_all() noexcept;  // there is nobody who will confirm anything
  // Nothing more is collected until something has been confirmed.
  [[nodiscard]] bool awaits_confirmation() const noexcept;
  // The connection is gone: what was taken and not confirmed is to be sent again, as far as it is still there; the rest
  // counts as overwritten. `unfinished` of it were not counted as delivered yet.
  void rewind(const Taken& unfinished) noexcept;
  void lost_at_exit(std::uint32_t frames) noexcept { bump(books_.at_exit, frames); }
  // Counts all that is queued as lost at exit. What was sent is not kept any longer: if it is not confirmed before the
  // connection breaks, it is not sent again but counts as overwritten.
  void discard_everything();
  void wake_blocked() noexcept;  // after a pass: lets a waiting producer go on
  [[nodiscard]] bool empty() const noexcept { return queued() == 0 && again_.load(std::memory_order_relaxed) == 0; }

  // ── any thread ──
  void release_blocked() noexcept;  // the buffer was closed: a waiting producer gives up
  void add_to(BufferStats& stats) const noexcept;
  [[nodiscard]] std::uint64_t queued() const noexcept;      // still in chunks
  [[nodiscard]] std::uint64_t frames_in() const noexcept;   // ever queued
  [[nodiscard]] std::uint64_t frames_out() const noexcept;  // delivered or lost afterwards
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  [[nodiscard]] std::uint32_t buffer() const noexcept { return buffer_; }

  ThreadQueue* next = nullptr;  // in the QueueSet; written once before the queue is published

 private:
  struct Entry {
    Chunk* chunk;
    std::uint64_t number;
  };
  using Sealed = moodycamel::ConcurrentQueue<Entry, ChunkQueueTraits>;
  using Free = moodycamel::ConcurrentQueue<Chunk*, ChunkQueueTraits>;

  // any thread: what has ever come in
  struct In {
    std::uint64_t sealed = 0;  // frames in sealed chunks
    std::uint64_t open = 0;    // commit of the open one
  };
  [[nodiscard]] In in() const noexcept;

  // producer
  [[nodiscard]] std::byte* try_room(std::size_t need, std::uint32_t capacity) noexcept;
  [[nodiscard]] std::byte* refuse(Counter& cause) noexcept;
  [[nodiscard]] std::byte* overwrite(std::size_t need, std::uint32_t capacity) noexcept;
  [[nodiscard]] std::byte* wait_for_room(std::size_t need, std::uint32_t capacity) noexcept;
  [[nodiscard]] Chunk* new_chunk() noexcept;
  void open(Chunk* chunk) noexcept;
  [[nodiscard]] bool seal() noexcept;
  bool discard_oldest() noexcept;
  [[nodiscard]] static bool reclaim(Chunk& chunk) noexcept;
  void admit(std::uint64_t waiting, std::uint32_t capacity) noexcept;
  void press(std::uint64_t waiting, std::uint32_t capacity) noexcept;
  // sender
  void claim_open(std::vector<Range>& out) noexcept;
  void leave_open(Chunk& chunk) noexcept;
  void recycle(Chunk* chunk) noexcept;
  void retain(const Entry& e) noexcept;
  void let_go() noexcept;  // of what was sent
  [[nodiscard]] std::uint32_t unconfirmed_from(std::uint64_t number) const noexcept;
  [[nodiscard]] std::uint32_t unsend(Chunk& chunk, std::uint64_t number) noexcept;
  [[nodiscard]] std::uint32_t unsend_front() noexcept;

  // fixed
  const std::uint32_t slot_;
  const std::uint32_t buffer_;
  const std::uint32_t chunk_bytes_;  // of one chunk, with its header
  const std::uint32_t chunk_room_;   // of it for frames
  const std::uint32_t most_retained_;
  const std::uint32_t max_chunks_;
  BufferState& settings_;
  Arena& arena_;
  Books& books_;  // in the arena
  Doorbell& sender_;

  // producer
  Chunk* current_ = nullptr;
  Chunk** spares_ = nullptr;  // taken back by discard_oldest, used next; room for max_chunks_
  std::uint32_t spare_count_ = 0;
  std::atomic<std::uint32_t> chunks_{0};  // that it holds; relaxed, readers want the number only
  std::uint64_t last_number_;
  std::atomic<std::uint64_t> sealed_through_;  // sync: sealed-through, released by seal(), acquired by in()
  Counter sealed_frames_{0};
  Counter sealed_bytes_{0};
  Counter overwritten_{0};
  std::atomic<bool> owned_{true};  // sync: queue-owner, released by disown, acquired by try_own

  // between the two
  alignas(64) Sealed sealed_;
  Free free_;
  moodycamel::ProducerToken seal_token_;
  moodycamel::ProducerToken free_token_;
  std::atomic<Chunk*> open_{nullptr};         // sync: open-chunk, released by open(), acquired by claim_open
  std::atomic<std::uint64_t> oldest_number_;  // sync: oldest, released by discard_oldest, acquired by claim_open
  std::atomic<std::uint32_t> waiting_{0};     // sync: space (seq_cst on both sides), a producer is blocked
  std::atomic<std::uint32_t> space_{0};       // the word it sleeps on

  // sender
  alignas(64) std::vector<Entry> held_;  // dequeued, not sent yet
  std::vector<Entry> retained_;          // sent, not confirmed; older than what is held
  Entry front_{nullptr, 0};              // the front of this one has gone, but it is not dequeued yet
  std::uint64_t confirmed_number_ = 0;   // up to here the daemon has confirmed:
  std::uint32_t confirmed_offset_ = 0;   // this far in the chunk with that number
  Taken sent_;
  Taken confirmed_;
  Counter again_{0};  // taken before, to be taken once more; not counted as queued, so that they take nobody's place
  std::uint64_t next_number_;
  Counter taken_{0};
  Counter delivered_{0};
  Counter delivered_bytes_{0};
  Counter abandoned_{0};
};

}  // namespace dlt::detail
