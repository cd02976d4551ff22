// The state of the connection to a daemon, without the connection: what to do next, and when.
//
//   away ──due──▶ connecting ──connected──▶ greeting ──hello──▶ ready ◀──┐ late hello
//    ▲                │                        │ └──no answer in time──▶ plain
//    └──── lost ──────┴────────────────────────┴── (from every state; waits longer each time, at most `longest_wait`)
//
// ready: the daemon speaks our protocol, batches may go. plain: it speaks the incumbent's, one frame a message; through
// the incumbent's FIFO that is known as soon as it is open. A daemon of ours that is too busy to answer in time is
// taken for such a one until it does. Pure; time comes in. Owned by the uplink.
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

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool may_send() const noexcept { return state_ == State::ready || state_ == State::plain; }
  [[nodiscard]] bool due(Clock::time_point now) const noexcept { return state_ == State::away && now >= next_; }

  void on_connecting(Clock::time_point now) noexcept;
  void on_connected(Clock::time_point now) noexcept;
  void on_hello() noexcept;
  void on_plain() noexcept;
  void on_lost(Clock::time_point now) noexcept;
  // Limits that have passed: greeting becomes plain. True: the connection attempt took too long, give it up.
  [[nodiscard]] bool on_tick(Clock::time_point now) noexcept;

  // When on_tick or due() must be asked next; time_point::max() while nothing is pending.
  [[nodiscard]] Clock::time_point next() const noexcept;

 private:
  State state_ = State::away;
  Clock::time_point next_{};  // away: the next try; connecting, greeting: the limit
  std::chrono::milliseconds wait_ = first_wait;
};

}  // namespace dlt::detail
