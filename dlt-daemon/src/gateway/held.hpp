// Frames of a node that are held until it is known whether they come again (gateway/reception.hpp).
//
// Runs of frames as they lie in slabs; bounded: the oldest go, and are counted. Only add() needs memory. Pure; one
// thread.
#pragma once

#include <deque>
#include <utility>

#include "route/message.hpp"

namespace dlt::daemon::gateway {

class Held {
 public:
  static constexpr std::size_t limit = 16 << 20;  // bytes; more than sockets keep

  // A whole frame in `slab`.
  void add(proto::Bytes frame, const SlabRef& slab) {
    if (!spans_.empty() && spans_.back().slab.get() == slab.get() &&
        spans_.back().data + spans_.back().size == frame.data()) {
      spans_.back().size += static_cast<std::uint32_t>(frame.size());
      ++spans_.back().frames;
    } else {
      spans_.push_back({slab, frame.data(), static_cast<std::uint32_t>(frame.size()), 1});
    }
    bytes_ += frame.size();
    while (bytes_ > limit) {
      bytes_ -= spans_.front().size;
      dropped_ += spans_.front().frames;
      spans_.pop_front();
    }
  }
  // So many frames would be held if there had been memory for them.
  void miss(std::uint64_t frames) noexcept { dropped_ += frames; }
  // The oldest. Where has_spans().
  [[nodiscard]] FrameSpan take_front() noexcept {
    FrameSpan span = std::move(spans_.front());
    spans_.pop_front();
    bytes_ -= span.size;
    return span;
  }
  // Frames that there was no room or no memory for; once.
  [[nodiscard]] std::uint64_t take_dropped() noexcept { return std::exchange(dropped_, 0); }
  void clear() noexcept {
    spans_.clear();
    bytes_ = dropped_ = 0;
  }
  [[nodiscard]] bool has_spans() const noexcept { return !spans_.empty(); }
  [[nodiscard]] bool empty() const noexcept { return spans_.empty() && dropped_ == 0; }

 private:
  std::deque<FrameSpan> spans_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace dlt::daemon::gateway
