#include "route/backlog.hpp"

#include <algorithm>
#include <iterator>
#include <new>

namespace dlt::daemon {

void Backlog::push(const FrameSpan& span) noexcept {
  try {
    spans_.push_back(span);
  } catch (const std::bad_alloc&) {
    return lose(span);
  }
  bytes_ += span.size;
  make_room();
}

void Backlog::put_back(std::deque<FrameSpan>&& spans) noexcept {
  for (; !spans.empty(); spans.pop_back()) {
    try {
      spans_.push_front(spans.back());
    } catch (const std::bad_alloc&) {
      lose(spans.back());
      continue;
    }
    bytes_ += spans.back().size;
  }
  make_room();
}

void Backlog::replace(std::deque<FrameSpan>&& spans) noexcept {
  spans_.swap(spans);
  bytes_ = 0;
  for (const FrameSpan& span : spans_) bytes_ += span.size;
  make_room();
}

// An empty deque needs memory, too: nothing is taken before it is there.
std::deque<FrameSpan> Backlog::take() {
  std::deque<FrameSpan> taken;
  taken.swap(spans_);
  bytes_ = 0;
  return taken;
}

void Backlog::clear() noexcept {
  spans_.clear();
  bytes_ = 0;
}

std::deque<FrameSpan> Backlog::take_up_to(std::uint64_t routed) {
  return take_where([&](const FrameSpan& span) { return span.routed <= routed; });
}

std::deque<FrameSpan> Backlog::take_behind(std::uint64_t routed) {
  return take_where([&](const FrameSpan& span) { return span.routed > routed; });
}

template <class Wanted>
std::deque<FrameSpan> Backlog::take_where(Wanted wanted) {
  std::deque<FrameSpan> taken;
  std::copy_if(spans_.begin(), spans_.end(), std::back_inserter(taken), wanted);  // without memory nothing has changed
  std::erase_if(spans_, wanted);
  for (const FrameSpan& span : taken) bytes_ -= span.size;
  return taken;
}

void Backlog::lose(Volume gone) noexcept {
  evicted_.messages += gone.messages;
  evicted_.bytes += gone.bytes;
}

void Backlog::lose(const FrameSpan& span) noexcept {
  if (!span.own) evicted_.add(span);
}

void Backlog::set_capacity(std::size_t capacity) {
  capacity_ = capacity;
  make_room();
}

void Backlog::make_room() noexcept {
  while (bytes_ > capacity_ && spans_.size() > 1) {
    bytes_ -= spans_.front().size;
    lose(spans_.front());
    spans_.pop_front();
  }
  // One span alone is larger than the capacity: drop frames from its front, but not the newest.
  while (bytes_ > capacity_ && spans_.front().frames > 1) {
    FrameSpan& span = spans_.front();
    const auto n = static_cast<std::uint32_t>(frame_length(span.data));
    span.data += n;
    span.size -= n;
    --span.frames;
    bytes_ -= n;
    if (span.own) continue;
    ++evicted_.messages;
    evicted_.bytes += n;
  }
}

}  // namespace dlt::daemon
