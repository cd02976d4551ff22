// The producer's end of a queue, as far as a log call sees it.
//
// One Writer belongs to one thread and one buffer. Its owner fills the open chunk from `at` to `end` and publishes each
// message with one release store to `*commit`. Everything rare is behind the functions at the end of this file.
//
// A Writer of the flight recorder has a segment of the recorder's memory in the place of the chunk; its `attention` is
// set always, so that after_commit() has the last word.
//
//   chunk   [ frame | frame | frame | ............... ]
//                                   ^ at              ^ end (nullptr: look again in make_room)
//
// Thread-safety: all fields are the owning thread's; `busy` is also seen by signal handlers on that thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dlt/context.hpp"
#include "dlt/detail/context_data.hpp"
#include "dlt/detail/export.hpp"
#include "dlt/proto/level.hpp"

namespace dlt::detail {

// What a sender does, as seen by log calls: at or above the threshold of its level a call takes the slow way out.
namespace attention {
inline constexpr std::uint32_t awake = 0;
inline constexpr std::uint32_t napping = 1;  // an urgent message wakes it
inline constexpr std::uint32_t parked = 2;   // every message wakes it
inline constexpr std::uint32_t print = 4;    // bit: messages are printed locally
inline constexpr std::uint32_t record = 8;   // bit: messages are recorded
inline constexpr std::uint32_t bits = print | record;
[[nodiscard]] constexpr std::uint32_t threshold(Level level) noexcept {
  return level <= Level::error ? napping : parked;
}
}  // namespace attention

// Published in `commit`: how many frames, and how many bytes of them, are complete.
inline constexpr std::uint64_t one_frame = 1ULL << 32;

struct Writer {
  alignas(64) std::byte* at = nullptr;
  std::byte* end = nullptr;
  std::atomic<std::uint64_t>* commit = nullptr;
  std::uint64_t committed = 0;                      // frames << 32 | bytes, what *commit holds
  std::uint32_t frames_left = 0;                    // until make_room must be asked again
  std::uint32_t max_message = 0;                    // bytes
  std::atomic<std::uint32_t>* attention = nullptr;  // of the sender that drains this queue
  // The owner is inside a log call. Seen by signal handlers on the same thread only, so a plain flag between compiler
  // fences does; an atomic one would cost two more instructions a call.
  bool busy = false;
};

// Messages up to this size take the short way; Options::max_message is never less.
inline constexpr std::size_t short_message = 1024;

// Room that every chunk has behind `end`, so that short copies may write more than they need.
inline constexpr std::size_t chunk_slack = 64;

// One straight line from the time-stamp counter to 0.1 ms units since boot: ((tsc - zero) * scale) >> 64.
// A sender calibrates and publishes a new line now and then; a line is not changed while anybody may read it.
struct ClockLine {
  std::atomic<std::uint64_t> zero{0};
  std::atomic<std::uint64_t> scale{0};
};

struct StampClock {
  // nullptr where the counter cannot be used; then the stamp comes from clock_gettime.
  std::atomic<const ClockLine*> line{nullptr};
};
extern DLT_EXPORT StampClock stamp_clock;

// Stand where a thread has no writer yet: they are always busy, so that the one look at `busy` finds both.
extern DLT_EXPORT Writer no_writer;
extern DLT_EXPORT Writer no_recorder;

// The calling thread's writers by lane (ContextData::lanes), &no_writer or &no_recorder before the first use. Trivial
// on purpose: no constructor, no wrapper call, reached with one instruction.
struct ThreadWriters {
  Writer* by_lane[16];
};
extern DLT_EXPORT __thread ThreadWriters t_writers __attribute__((tls_model("initial-exec")));

// All of these: the owning thread only, noexcept, never wait for another thread (make_room waits in block mode).
// What a busy writer means: the thread's first message at this level (returns its writer), or a log call inside a log
// call (nullptr, counted).
DLT_COLD DLT_EXPORT Writer* enter(Writer& writer, Level level, ContextData& context) noexcept;
DLT_EXPORT Writer& writer_for_buffer(Buffer buffer, std::uint8_t lane) noexcept;
// Makes room for `need` bytes by the buffer's overflow mode. nullptr: not taken, counted. What the queue refuses may
// still be recorded: then the room is another writer's, and `writer` has been left.
struct Room {
  std::byte* at;
  Writer* writer;
};
DLT_COLD DLT_EXPORT Room make_room(Writer& writer, std::size_t need, ContextData& context) noexcept;
// Not marked cold: GCC 12 would move everything behind the last argument out of line with it.
// True: the message was queued.
DLT_EXPORT bool after_commit(Writer& writer, const std::byte* frame, std::size_t size) noexcept;
DLT_COLD DLT_EXPORT std::uint32_t stamp_from_clock() noexcept;

// Time since boot in 0.1 ms.
[[nodiscard]] DLT_INLINE std::uint32_t stamp() noexcept {
#if defined(__x86_64__)
  const ClockLine* line = stamp_clock.line.load(std::memory_order_acquire);  // sync: clock-line
  if (line != nullptr) [[likely]] {
    const std::uint64_t ticks = __builtin_ia32_rdtsc() - line->zero.load(std::memory_order_relaxed);
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>((Wide{ticks} * line->scale.load(std::memory_order_relaxed)) >> 64);
  }
#endif
  return stamp_from_clock();
}

}  // namespace dlt::detail
