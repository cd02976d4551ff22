#include "link.hpp"

#include <algorithm>

namespace dlt::detail {

void Link::on_connecting(Clock::time_point now) noexcept {
  state_ = State::connecting;
  next_ = now + connect_limit;
}

void Link::on_connected(Clock::time_point now, bool over_network) noexcept {
  state_ = State::greeting;
  over_network_ = over_network;
  next_ = now + (over_network ? network_greeting_limit : greeting_limit);
}

void Link::on_hello() noexcept {
  state_ = State::ready;
  network_has_greeted_ = network_has_greeted_ || over_network_;
  wait_ = first_wait;
}

void Link::on_plain() noexcept {
  state_ = State::plain;
  wait_ = first_wait;
}

void Link::on_lost(Clock::time_point now) noexcept {
  // A connection that worked is tried again at once.
  next_ = may_send() ? now : now + wait_;
  wait_ = may_send() ? first_wait : std::min(wait_ * 2, longest_wait);
  state_ = State::away;
}

bool Link::on_tick(Clock::time_point now) noexcept {
  if (state_ == State::connecting) return now >= next_;
  if (state_ != State::greeting || now < next_) return false;
  if (over_network_ && network_has_greeted_) return true;
  on_plain();
  return false;
}

Link::Clock::time_point Link::next() const noexcept {
  switch (state_) {
    case State::away:
    case State::connecting:
    case State::greeting: return next_;
    case State::ready:
    case State::plain: break;
  }
  return Clock::time_point::max();
}

}  // namespace dlt::detail
