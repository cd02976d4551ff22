#include "route/hold.hpp"

#include <algorithm>

namespace dlt::daemon {

bool Hold::admit(std::size_t queued, std::size_t size, Clock::time_point now) noexcept {
  tick(now);
  if (state_ == State::dropping) return false;
  // One span larger than the whole queue still passes an empty queue.
  if (queued > 0 && queued + size > limits_.capacity) {
    drop();
    return false;
  }
  if (state_ == State::flowing && queued + size >= limits_.high) {
    state_ = State::holding;
    since_ = now;
  }
  return true;
}

bool Hold::drained(std::size_t queued) noexcept {
  if (state_ == State::holding && queued <= limits_.low) {
    state_ = State::flowing;
    patience_ = std::min(2 * patience_, limits_.longest);
  }
  if (state_ != State::dropping || queued > 0) return false;
  state_ = State::flowing;
  return true;
}

void Hold::tick(Clock::time_point now) noexcept {
  if (state_ == State::holding && now >= deadline()) drop();
}

void Hold::drop() noexcept {
  state_ = State::dropping;
  patience_ = limits_.limit;
}

}  // namespace dlt::daemon
