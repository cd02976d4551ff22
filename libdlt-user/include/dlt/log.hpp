// The log call.
//
// dlt::info(context, "leg {} of {} planned", leg, legs) encodes a finished DLT v1 frame into the calling thread's
// queue. noexcept, lock-free, no allocation after a thread's first message, no system call (the wake of a parked sender
// excepted), callable before start, after the end, in a forked child and from a signal handler (there it may be
// refused, which is counted). Any thread. Returns true when the message was queued, false when its level is off, it is
// only recorded (Options::recorder_level), or it was dropped (counted by cause in Session::stats).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "dlt/context.hpp"
#include "dlt/detail/arguments.hpp"
#include "dlt/detail/format.hpp"
#include "dlt/detail/writer.hpp"

namespace dlt {

namespace detail {

inline constexpr std::size_t frame_headers = 26;  // standard header with ECU, session, time; extended header
inline constexpr std::uint64_t verbose_log = 0x01;

DLT_INLINE void put_headers(std::byte* p, ContextData& c, Level level, std::size_t size,
                            std::uint32_t arguments) noexcept {
  // The clock first: the locked addition behind it then overlaps with it instead of waiting for it (10 ns of 44).
  const std::uint32_t now = __builtin_bswap32(stamp());
  const std::uint8_t counter = c.counter.fetch_add(1, std::memory_order_relaxed);
  // The templates go out whole, then the fields that change are written over them.
  store(p, c.word0.load(std::memory_order_relaxed));
  store(p + 1, counter);
  store(p + 2, __builtin_bswap16(static_cast<std::uint16_t>(size)));
  store(p + 8, c.word1.load(std::memory_order_relaxed));
  store(p + 12, now);
  const std::uint64_t msin = (static_cast<std::uint64_t>(level) << 4) | verbose_log;
  store(p + 16, c.word2.load(std::memory_order_relaxed) | msin | (std::uint64_t{arguments} << 8));
  store(p + 24, c.word3.load(std::memory_order_relaxed));
}

// Publishes the frame that ends at p + size and leaves the call.
DLT_INLINE bool finish(Writer& w, Level level, const std::byte* p, std::size_t size) noexcept {
  w.at += size;
  w.committed += one_frame + size;
  w.commit->store(w.committed, std::memory_order_release);  // sync: chunk-commit, read by the sender
  if (--w.frames_left == 0) w.end = nullptr;
  // Keeps the compiler from moving the look at the sender before the publication; the sender's membarrier does the
  // rest.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (w.attention->load(std::memory_order_relaxed) >= attention::threshold(level)) [[unlikely]]
    return after_commit(w, p, size);  // leaves the call itself
  w.busy = false;
  return true;
}

DLT_INLINE bool leave(Writer& w) noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  w.busy = false;
  return false;
}

// The frame has `need` bytes, known before anything is written.
template <class Format, class... F, std::size_t... I>
DLT_INLINE bool write_sized(ContextData& c, Level level, Writer* w, std::size_t need, std::uint32_t arguments,
                            const Format& format, std::index_sequence<I...>, const F&... form) noexcept {
  std::byte* p = w->at;
  if (reinterpret_cast<std::uintptr_t>(p) + need > reinterpret_cast<std::uintptr_t>(w->end)) [[unlikely]] {
    const Room room = make_room(*w, need, c);
    if (room.at == nullptr) return leave(*w);
    p = room.at;
    w = room.writer;
  }
  __builtin_prefetch(p + 320, 1);
  put_headers(p, c, level, need, arguments);
  std::byte* q = p + frame_headers;
  const auto piece = [&q](std::string_view text) __attribute__((always_inline)) {
    if (!text.empty()) q = put_text(q, text);
  };
  ((piece(format.piece(I)), q = Form<F>::put(q, form)), ...);
  piece(format.piece(sizeof...(F)));
  return finish(*w, level, p, need);
}

// User types and whatever may be too long: through the bounded writer.
template <class Format, class... F, std::size_t... I>
[[gnu::noinline]] bool write_bounded(ContextData& c, Level level, Writer* w, const Format format,
                                     std::index_sequence<I...>, const F... form) noexcept {
  for (;;) {
    std::byte* p = w->at;
    const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(p);
    const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(w->end);
    const bool whole = at + w->max_message <= end;  // as much room as a message can ever have: cut to fit
    if (!whole && at + frame_headers > end) {
      const Room room = make_room(*w, w->max_message, c);
      if (room.at == nullptr) return leave(*w);
      w = room.writer;
      continue;
    }
    ArgumentWriter out(p + frame_headers, whole ? p + w->max_message : w->end, whole);
    const auto piece = [&out](std::string_view text) {
      if (!text.empty()) out.text(text);
    };
    ((piece(format.piece(I)), put_bounded(out, form)), ...);
    piece(format.piece(sizeof...(F)));
    if (out.overflowed() && !whole) {
      const Room room = make_room(*w, w->max_message, c);
      if (room.at == nullptr) return leave(*w);
      w = room.writer;
      continue;
    }
    const auto size = static_cast<std::size_t>(out.position() - p);
    put_headers(p, c, level, size, out.count());
    return finish(*w, level, p, size);
  }
}

// Bytes and arguments that the pieces of text become.
template <class Format, std::size_t... I>
DLT_INLINE std::size_t pieces_size(const Format& format, std::index_sequence<I...>) noexcept {
  return (std::size_t{0} + ... + (format.piece(I).empty() ? 0 : text_overhead + format.piece(I).size()));
}
template <class Format, std::size_t... I>
DLT_INLINE std::uint32_t pieces_count(const Format& format, std::index_sequence<I...>) noexcept {
  return (0U + ... + (format.piece(I).empty() ? 0U : 1U));
}

template <class Format, class... F>
DLT_INLINE bool write(ContextData& c, Level level, Writer* w, const Format& format, const F&... form) noexcept {
  constexpr auto indices = std::index_sequence_for<F...>{};
  constexpr auto pieces = std::make_index_sequence<sizeof...(F) + 1>{};
  if (w->busy) [[unlikely]] {
    w = enter(*w, level, c);
    if (w == nullptr) return false;
  }
  w->busy = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // a handler sees busy before anything else is touched
  if constexpr ((Form<F>::sized && ...)) {
    const std::size_t need = frame_headers + pieces_size(format, pieces) + (std::size_t{0} + ... + Form<F>::size(form));
    const std::uint32_t arguments = pieces_count(format, pieces) + (0U + ... + Form<F>::count);
    if (need <= short_message) [[likely]]
      return write_sized(c, level, w, need, arguments, format, indices, form...);
  }
  return write_bounded(c, level, w, format, indices, form...);
}

// sync: relaxed, a lane has no data behind it; whoever sets the level writes it
DLT_INLINE std::uint8_t lane_of(const ContextData& c, Level level) noexcept {
  return c.lanes[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
}
DLT_INLINE Writer* writer_of(const Context& c, Level level) noexcept {
  return t_writers.by_lane[lane_of(c.data(), level)];
}
inline Writer* writer_of(const ContextInBuffer& c, Level level) noexcept {
  return &writer_for_buffer(c.buffer, lane_of(*c.data, level));
}
DLT_INLINE ContextData& data_of(const Context& c) noexcept { return c.data(); }
DLT_INLINE ContextData& data_of(const ContextInBuffer& c) noexcept { return *c.data; }

template <class T>
concept Loggee = std::same_as<T, Context> || std::same_as<T, ContextInBuffer>;

}  // namespace detail

template <class... Args>
using FormatString = detail::FormatString<std::type_identity_t<Args>...>;

namespace detail {
// For a caller that has looked at the level already.
template <Loggee C, class... Args>
DLT_INLINE bool log_enabled(const C& context, Level level, dlt::FormatString<Args...> format,
                            const Args&... args) noexcept {
  return write(data_of(context), level, writer_of(context, level), format, normal(args)...);
}
}  // namespace detail

// `level` must be fatal … verbose; anything else logs nothing.
template <detail::Loggee C, class... Args>
DLT_INLINE bool log(const C& context, Level level, FormatString<Args...> format, const Args&... args) noexcept {
  if (!context.enabled(level) || level <= Level::off || level > Level::verbose) return false;
  return detail::log_enabled<C, Args...>(context, level, format, args...);
}

#define DLT_LOG_FUNCTION(NAME, LEVEL)                                                                  \
  template <detail::Loggee C, class... Args>                                                           \
  DLT_INLINE bool NAME(const C& context, FormatString<Args...> format, const Args&... args) noexcept { \
    return log<C, Args...>(context, LEVEL, format, args...);                                           \
  }
DLT_LOG_FUNCTION(fatal, Level::fatal)
DLT_LOG_FUNCTION(error, Level::error)
DLT_LOG_FUNCTION(warn, Level::warn)
DLT_LOG_FUNCTION(info, Level::info)
DLT_LOG_FUNCTION(debug, Level::debug)
DLT_LOG_FUNCTION(verbose, Level::verbose)
#undef DLT_LOG_FUNCTION

}  // namespace dlt
