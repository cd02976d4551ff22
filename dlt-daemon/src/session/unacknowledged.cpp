#include "session/unacknowledged.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "session/told_loss.hpp"

namespace dlt::daemon {

void Unacknowledged::wrote(FrameSpan span) noexcept {
  assert(given_up_.empty() && "a link that is over carries nothing");
  const std::uint64_t begin = written_;
  written_ += span.frames;
  if (!whole()) return;
  const std::size_t size = span.size;
  try {
    kept_.push_back(std::move(span));
    bytes_ += size;
  } catch (const std::bad_alloc&) {
    hole_ = begin;
  }
}

void Unacknowledged::pop_front() noexcept {
  before_ += kept_.front().frames;
  bytes_ -= kept_.front().size;
  kept_.pop_front();
}

bool Unacknowledged::acknowledge(std::uint64_t received) {
  if (received > written_) return false;
  acknowledged_ = std::max(acknowledged_, received);
  while (!kept_.empty() && before_ + kept_.front().frames <= acknowledged_) pop_front();
  return true;
}

std::deque<FrameSpan> Unacknowledged::take_behind(std::uint64_t received) {
  assert(knows(received) && whole() && "what was acknowledged before is not kept");
  std::deque<FrameSpan> behind;
  std::uint64_t end = before_;
  for (const FrameSpan& span : kept_) {
    end += span.frames;
    if (end <= received) continue;
    behind.push_back(span);
    FrameSpan& rest = behind.back();
    for (std::uint64_t at = end - span.frames; at < received; ++at) {
      const auto n = static_cast<std::uint32_t>(frame_length(rest.data));
      rest.data += n;
      rest.size -= n;
      --rest.frames;
    }
  }
  kept_.clear();
  bytes_ = 0;
  before_ = written_ = acknowledged_ = received;
  return behind;
}

void Unacknowledged::give_up(EcuId own) noexcept {
  std::uint64_t begin = before_;
  for (const FrameSpan& span : kept_) {
    try {
      const std::uint64_t told = loss_in(span, own).messages;
      const bool goes_on = !given_up_.empty() && given_up_.back().own == span.own && given_up_.back().told == 0;
      if (!goes_on || told != 0) given_up_.push_back({0, span.own, told});
    } catch (const std::bad_alloc&) {
      hole_ = begin;
      break;
    }
    given_up_.back().frames += span.frames;
    begin += span.frames;
  }
  kept_.clear();
  bytes_ = 0;
}

std::uint64_t Unacknowledged::messages() const noexcept {
  std::uint64_t messages = 0;
  std::uint64_t end = before_;
  for (const FrameSpan& span : kept_) {
    const std::uint64_t begin = std::max(end, acknowledged_);
    end += span.frames;
    if (!span.own && end > begin) messages += end - begin;
  }
  const std::uint64_t hole = std::max(hole_, acknowledged_);
  return written_ > hole ? messages + written_ - hole : messages;
}

std::uint64_t Unacknowledged::lost_behind(std::uint64_t received) const noexcept {
  std::uint64_t lost = 0;
  std::uint64_t end = before_;
  for (const Run& run : given_up_) {
    const std::uint64_t begin = std::max(end, received);
    end += run.frames;
    if (end > begin) lost += run.own ? run.told : end - begin;
  }
  const std::uint64_t hole = std::max(hole_, received);
  return written_ > hole ? lost + written_ - hole : lost;
}

}  // namespace dlt::daemon
