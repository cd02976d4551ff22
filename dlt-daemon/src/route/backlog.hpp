// The newest messages, kept for a client that connects later.
//
// Bounded in bytes of frames; the oldest spans go first, and the newest message always fits. A span for whose place
// there is no memory is counted as evicted. Pure; the io thread's.
#pragma once

#include <deque>

#include "route/message.hpp"
#include "route/sink.hpp"

namespace dlt::daemon {

class Backlog {
 public:
  explicit Backlog(std::size_t capacity) : capacity_(capacity) {}  // a deque allocates even when it is empty

  void push(const FrameSpan& span) noexcept;
  // Puts spans that were taken, but not sent, back in front of what came since.
  void put_back(std::deque<FrameSpan>&& spans) noexcept;
  // These are what it has from now on.
  void replace(std::deque<FrameSpan>&& spans) noexcept;
  // Counts what somebody had taken and nobody has got.
  void lose(Volume gone) noexcept;

  [[nodiscard]] std::deque<FrameSpan> take();
  // Nothing of it is to be had any more, nor counted here.
  void clear() noexcept;
  // Those that had been routed when `routed` bytes had, or those that came behind; the others stay.
  [[nodiscard]] std::deque<FrameSpan> take_up_to(std::uint64_t routed);
  [[nodiscard]] std::deque<FrameSpan> take_behind(std::uint64_t routed);
  [[nodiscard]] const std::deque<FrameSpan>& spans() const noexcept { return spans_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  // What had to make room for newer messages, or had no memory for its place, and so never reached anybody.
  [[nodiscard]] Volume evicted() const noexcept { return evicted_; }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  void set_capacity(std::size_t capacity);

 private:
  void make_room() noexcept;
  void lose(const FrameSpan& span) noexcept;
  template <class Wanted>
  [[nodiscard]] std::deque<FrameSpan> take_where(Wanted wanted);

  std::size_t capacity_;
  std::size_t bytes_ = 0;
  Volume evicted_;
  std::deque<FrameSpan> spans_;
};

}  // namespace dlt::daemon
