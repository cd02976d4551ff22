// The flight recorder: the newest messages of each thread and buffer, in a sealed memfd of its own that the daemon
// holds too. proto/recorder.hpp draws the file, proto/FORMAT.md section 7 explains it.
//
//   ring of a thread and buffer    [ segment 7 | segment 8 | segment 9 (open) | segment 2 | ... | segment 6 ]
//                                                            frame frame ...^      ^ overwritten next
//
// A ring is a circle of segments that is never emptied: its owner goes on to the oldest one when the open one is full.
// Nothing is waited for and nobody has to agree: a reader finds out by a segment's number that it was overwritten under
// its hands. A ring keeps about `Options::recorder_bytes`, however little is in the open segment, because it has one
// segment more than that; less by the gaps at the ends of segments where a message did not fit.
//
// RecorderRing: the owning thread, also in signal handlers (`busy`, as with the queues); try_own and disown as its
// name says. Recorder: open before the first log call, adopt from any thread, lock-free. Owned by the core, never
// unmapped while threads may log.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "books.hpp"
#include "dlt/detail/writer.hpp"
#include "dlt/options.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/recorder_memory.hpp"

namespace dlt::detail {

struct RecorderShape {
  std::uint32_t segment_size = 0;
  std::uint32_t segments = 0;
  std::uint32_t rings = 0;
  std::uint32_t longest_message = 0;

  [[nodiscard]] static RecorderShape of(const Options& options) noexcept;
  [[nodiscard]] std::uint64_t ring_size() const noexcept { return std::uint64_t{segments} * segment_size; }
  [[nodiscard]] std::uint64_t size() const noexcept { return proto::recorder::first_ring + rings * ring_size(); }
};

class RecorderRing : public Writer {
 public:
  RecorderRing(std::byte* memory, const RecorderShape& shape, std::uint32_t buffer, Counter& missed) noexcept;
  RecorderRing(const RecorderRing&) = delete;
  RecorderRing& operator=(const RecorderRing&) = delete;

  // Room for `need` bytes, in the oldest segment if the open one has none; nullptr: longer than any, counted.
  [[nodiscard]] std::byte* make_room(std::size_t need) noexcept;
  // Records a frame that is finished, unless this thread is just writing here: counted.
  void copy(const std::byte* frame, std::size_t size) noexcept;
  void count_missed() noexcept { missed_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] bool try_own() noexcept;  // any thread, before it becomes the owner
  // By the new owner: its messages begin a segment.
  void begin(std::uint32_t buffer) noexcept;
  void disown(std::uint64_t turn) noexcept;
  [[nodiscard]] bool owned() const noexcept { return owned_.load(std::memory_order_relaxed); }  // a hint
  [[nodiscard]] std::uint64_t left_at() const noexcept { return left_at_.load(std::memory_order_relaxed); }
  // Whether a log call has to do with a ring and not with a queue.
  [[nodiscard]] static bool is(const Writer& w) noexcept { return w.attention == &always_; }

  RecorderRing* next = nullptr;  // in the Recorder; written once before the ring is published

 private:
  void open_next() noexcept;

  inline static constinit std::atomic<std::uint32_t> always_{attention::record};
  std::byte* const memory_;
  const RecorderShape shape_;
  const std::uint32_t room_;  // bytes of frames in a segment
  Counter& missed_;
  std::uint32_t buffer_;
  std::uint32_t number_ = 0;               // of the open segment; 0: none yet
  std::atomic<bool> owned_{true};          // sync: ring-owner, released by disown, acquired by try_own
  std::atomic<std::uint64_t> left_at_{0};  // when its thread ended, in turns of the recorder
};

class Recorder {
 public:
  Recorder() = default;
  ~Recorder();  // of a session that could not be started, and in tests
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Makes the file. Until then there are no rings.
  std::error_code open(const Options& options) noexcept;
  void set_most_messages(std::uint64_t messages) noexcept;
  // After fork, in the child: as Arena::abandon_in_child.
  void abandon_in_child() noexcept;

  // A ring for the calling thread; when all are taken, that of the thread which ended first. nullptr: none.
  [[nodiscard]] RecorderRing* adopt(std::uint32_t buffer) noexcept;
  void leave(RecorderRing& ring) noexcept { ring.disown(turns_.fetch_add(1, std::memory_order_relaxed) + 1); }
  void count_missed() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return header_ != nullptr; }
  [[nodiscard]] int fd() const noexcept { return fd_; }  // owned by the recorder
  [[nodiscard]] const RecorderShape& shape() const noexcept { return shape_; }
  // Sealed and locked as a daemon wants it; else it is not told of the file (kernels before 5.1).
  [[nodiscard]] bool shareable() const noexcept { return shareable_; }
  [[nodiscard]] std::uint64_t missed() const noexcept;

 private:
  [[nodiscard]] RecorderRing* make_ring(std::uint32_t buffer) noexcept;
  [[nodiscard]] RecorderRing* take_over() noexcept;

  int fd_ = -1;
  RecorderShape shape_;
  proto::recorder::HeaderMemory* header_ = nullptr;
  bool shareable_ = false;
  std::atomic<RecorderRing*> head_{nullptr};  // sync: ring-list, released by make_ring
  std::atomic<std::uint64_t> turns_{0};
};

}  // namespace dlt::detail
