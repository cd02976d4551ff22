#include "session/outbox.hpp"

#include <algorithm>

namespace dlt::daemon {

void Outbox::add(FrameSpan span, Kind kind) {
  bytes_of(kind) += span.size;
  entries_.push_back({std::move(span), kind});
}

void Outbox::replay(std::deque<FrameSpan> spans) {
  for (auto& span : spans) add(std::move(span), Kind::replayed);
}

void Outbox::push(const FrameSpan& span, Clock::time_point now) {
  if (hold_.admit(bytes_of(Kind::live), span.size, now)) {
    if (bytes_of(Kind::live) == 0) settled_ = span.routed - std::min<std::uint64_t>(span.routed, span.size);
    return add(span, Kind::live);
  }
  if (span.own) return;
  dropped_.add(span);
  dropping_ += span.frames;
  sent(0);  // with nothing left to send the dropping ends at once
}

void Outbox::reply(FrameSpan span) { add(std::move(span), Kind::reply); }

std::size_t Outbox::gather(std::span<iovec> out, std::size_t limit, std::size_t& bytes) const noexcept {
  std::size_t n = 0;
  std::size_t skip = front_sent_;
  bytes = 0;
  for (const Entry& e : entries_) {
    const std::size_t size = e.span.size - skip;
    if (n == out.size() || (n > 0 && bytes + size > limit)) break;
    out[n++] = {const_cast<std::byte*>(e.span.data + skip), size};
    bytes += size;
    skip = 0;
  }
  return n;
}

void Outbox::sent(std::size_t n) {
  while (n > 0) {
    const Entry& front = entries_.front();
    const std::size_t step = std::min(n, front.span.size - front_sent_);
    bytes_of(front.kind) -= step;
    front_sent_ += step;
    n -= step;
    if (front_sent_ < front.span.size) break;
    if (!front.span.own) sent_.add(front.span);
    if (!front.span.own && front.kind == Kind::live) settled_ = front.span.routed;
    entries_.pop_front();
    front_sent_ = 0;
  }
  // A time of dropping ends when everything has gone out, replies among it.
  const std::size_t left = bytes_of(Kind::live);
  if (hold_.drained(left > 0 || entries_.empty() ? left : 1)) loss_to_tell_ += std::exchange(dropping_, 0);
}

std::deque<FrameSpan> Outbox::take_unsent(std::size_t& replayed) {
  std::deque<FrameSpan> unsent;
  replayed = 0;
  std::size_t gone = front_sent_;
  for (Entry& e : entries_) {
    FrameSpan& span = e.span;
    for (std::size_t n = frame_length(span.data); gone >= n; n = frame_length(span.data)) {
      gone -= n;
      span.data += n;
      span.size -= static_cast<std::uint32_t>(n);
      --span.frames;
    }
    gone = 0;
    if (span.own) continue;
    if (e.kind == Kind::replayed) ++replayed;
    unsent.push_back(std::move(span));
  }
  entries_.clear();
  bytes_ = {};
  front_sent_ = 0;
  return unsent;
}

bool Outbox::holds(Clock::time_point now) noexcept {
  hold_.tick(now);
  return hold_.state() == Hold::State::holding;
}

}  // namespace dlt::daemon
