#include "session/unacknowledged.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "session/told_loss.hpp"

namespace dlt::daemon {

void Unacknowledged::wrote(FrameSpan span) noexcept {
  assert(given_up_.empty() && "a link that is over carries nothing");
  if (whole()) try {
      kept_.push_back(span);
      bytes_ += span.size;
    } catch (const std::bad_alloc&) {
      hole_ = written_;
    }
  if (!whole()) note_in_hole(span, written_);
  written_ += span.frames;
}

void Unacknowledged::note_in_hole(const FrameSpan& span, std::uint64_t begin) noexcept {
  for (std::uint32_t i = 0; span.own && i < span.frames && own_in_hole_ < own_at_.size(); ++i)
    own_at_[own_in_hole_++] = begin + i;
}

// Messages.
std::uint64_t Unacknowledged::in_hole_behind(std::uint64_t received) const noexcept {
  const std::uint64_t begin = std::max(hole_, received);
  if (written_ <= begin) return 0;
  const auto own = std::count_if(own_at_.begin(), own_at_.begin() + static_cast<std::ptrdiff_t>(own_in_hole_),
                                 [begin](std::uint64_t at) { return at >= begin; });
  return written_ - begin - static_cast<std::uint64_t>(own);
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
    if (begin < hole_) try {
        const std::uint64_t told = loss_in(span, own).messages;
        const bool goes_on = !given_up_.empty() && given_up_.back().own == span.own && given_up_.back().told == 0;
        if (!goes_on || told != 0) given_up_.push_back({0, span.own, told});
        given_up_.back().frames += span.frames;
      } catch (const std::bad_alloc&) {
        hole_ = begin;
      }
    if (begin >= hole_) note_in_hole(span, begin);
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
  return messages + in_hole_behind(acknowledged_);
}

std::uint64_t Unacknowledged::lost_behind(std::uint64_t received) const noexcept {
  std::uint64_t lost = 0;
  std::uint64_t end = before_;
  for (const Run& run : given_up_) {
    const std::uint64_t begin = std::max(end, received);
    end += run.frames;
    if (end > begin) lost += run.own ? run.told : end - begin;
  }
  return lost + in_hole_behind(received);
}

}  // namespace dlt::daemon
