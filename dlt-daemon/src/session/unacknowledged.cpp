#include "session/unacknowledged.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "session/told_loss.hpp"

namespace dlt::daemon {

void Unacknowledged::wrote(FrameSpan span) {
  assert(given_up_.empty() && "a link that is over carries nothing");
  written_ += span.frames;
  bytes_ += span.size;
  kept_.push_back(std::move(span));
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
  assert(knows(received) && "what was acknowledged before is not kept");
  (void)acknowledge(received);
  if (before_ < received) {
    FrameSpan& first = kept_.front();
    for (; before_ < received; ++before_) {
      const auto n = static_cast<std::uint32_t>(frame_length(first.data));
      first.data += n;
      first.size -= n;
      --first.frames;
    }
  }
  bytes_ = 0;
  before_ = written_ = received;
  return std::exchange(kept_, {});
}

void Unacknowledged::give_up(EcuId own) {
  for (const FrameSpan& span : kept_) {
    const std::uint64_t told = loss_in(span, own).messages;
    const bool goes_on = !given_up_.empty() && given_up_.back().own == span.own && given_up_.back().told == 0;
    if (!goes_on || told != 0) given_up_.push_back({0, span.own, told});
    given_up_.back().frames += span.frames;
  }
  kept_.clear();
  bytes_ = 0;
}

std::uint64_t Unacknowledged::lost_behind(std::uint64_t received) const noexcept {
  std::uint64_t lost = 0;
  std::uint64_t end = before_;
  for (const Run& run : given_up_) {
    const std::uint64_t begin = std::max(end, received);
    end += run.frames;
    if (end > begin) lost += run.own ? run.told : end - begin;
  }
  return lost;
}

}  // namespace dlt::daemon
