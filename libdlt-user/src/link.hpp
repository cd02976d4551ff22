// The state of the connection to a daemon, without the connection: what to do next, and when.
//
//   away ──due──▶ connecting ──connected──▶ greeting ──hello──▶ ready ◀──┐ late hello
//    ▲                │                        │ └──no answer in time──▶ plain
//    └──── lost ──────┴────────────────────────┴── (from every state; waits longer each time, at most `longest_wait`)
//
// ready: the daemon speaks our protocol, batches may go. plain: it speaks the incumbent's, one frame a message; through
// the incumbent's FIFO that is known as soon as it is open. A daemon of ours that is too busy to answer in time is
// taken for such a one until it does. Over a network an answer takes its time, and packets are lost: there the greeting
// has a longer limit, and a daemon that has answered once is not taken for the incumbent because it is slow: the
// connection is given up, and made anew. (The incumbent does not acknowledge: to believe in it wrongly is to lose what
// is under way when that connection breaks.) Pure; time comes in. Owned by the uplink.
#pragma once

#include <chrono>
#include <cstdint>

namespace dlt::detail {

class Link {
 public:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { away, connecting, greeting, ready, plain };

  static constexpr std::chrono::milliseconds first_wait{10};
  static constexpr std::chrono::milliseconds longest_wait{200};
  static constexpr std::chrono::milliseconds connect_limit{2000};
  static constexpr std::chrono::milliseconds greeting_limit{2000};
  static constexpr std::chrono::milliseconds network_greeting_limit{5000};

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool may_send() const noexcept { return state_ == State::ready || state_ == State::plain; }
  [[nodiscard]] bool due(Clock::time_point now) const noexcept { return state_ == State::away && now >= next_; }

  void on_connecting(Clock::time_point now) noexcept;
  void on_connected(Clock::time_point now, bool over_network = false) noexcept;
  void on_hello() noexcept;
  void on_plain() noexcept;
  void on_lost(Clock::time_point now) noexcept;
  // Limits that have passed: greeting becomes plain. True: this connection takes too long, give it up.
  [[nodiscard]] bool on_tick(Clock::time_point now) noexcept;

  // When on_tick or due() must be asked next; time_point::max() while nothing is pending.
  [[nodiscard]] Clock::time_point next() const noexcept;

 private:
  State state_ = State::away;
  Clock::time_point next_{};  // away: the next try; connecting, greeting: the limit
  std::chrono::milliseconds wait_ = first_wait;
  bool over_network_ = false;         // this connection
  bool network_has_greeted_ = false;  // an earlier one, or this
};

}  // namespace dlt::detail
