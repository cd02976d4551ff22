// When a node's connection is tried, and when it is tried no more.
//
//   state        connect()      connected()   ended()                 hindered()   due()        disconnect()
//   idle         connecting *   -             -                       -            -            idle
//   connecting   -              up            waiting, or given_up    waiting      -            idle
//   up           -              -             waiting, or given_up    waiting      -            idle
//   waiting      connecting *   -             -                       -            connecting * idle
//   given_up     connecting *   -             -                       -            -            idle
//
//   *  a connection is to be begun now          -  nothing happens
//
// Tries are `interval` apart at first, then twice, four and at most eight times as long. After `retries` tries more
// than the one that failed first, the node is given up; 0: never. A connection on which the node has said something
// ends the count; one that was accepted and ended without a word counts as a try that failed. One that this daemon had
// no memory for says nothing about the node and does not count. Pure; one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace dlt::daemon::gateway {

class Link {
 public:
  enum class State : std::uint8_t { idle, connecting, up, waiting, given_up };

  Link(std::chrono::seconds interval, std::uint32_t retries) noexcept : interval_(interval), retries_(retries) {}

  // Somebody wants it. True: a connection is to be begun.
  [[nodiscard]] bool connect() noexcept {
    if (state_ == State::connecting || state_ == State::up) return false;
    failures_ = 0;
    state_ = State::connecting;
    return true;
  }
  void connected() noexcept {
    if (state_ == State::connecting) state_ = State::up;
    ever_up_ |= state_ == State::up;
  }
  // The node has sent a whole message.
  void spoken() noexcept { failures_ = 0, spoken_ = true; }
  // The try has failed, or the connection has ended: how long to wait for the next one. Nothing: there is none.
  [[nodiscard]] std::optional<std::chrono::seconds> ended() noexcept {
    if (state_ != State::connecting && state_ != State::up) return std::nullopt;
    state_ = State::waiting;
    if (std::exchange(spoken_, false)) return interval_;
    ++failures_;
    if (retries_ != 0 && failures_ > retries_) {
      state_ = State::given_up;
      return std::nullopt;
    }
    return interval_ * (1U << std::min(failures_ - 1, most_doublings));
  }
  // The same, for a reason of this daemon's own.
  [[nodiscard]] std::optional<std::chrono::seconds> hindered() noexcept {
    if (state_ != State::connecting && state_ != State::up) return std::nullopt;
    state_ = State::waiting;
    spoken_ = false;
    return interval_;
  }
  // It will never be any good.
  void give_up() noexcept { state_ = State::given_up; }
  // The wait is over. True: a connection is to be begun.
  [[nodiscard]] bool due() noexcept {
    if (state_ != State::waiting) return false;
    state_ = State::connecting;
    return true;
  }
  void disconnect() noexcept {
    state_ = State::idle;
    failures_ = 0;
    spoken_ = false;
  }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool ever_up() const noexcept { return ever_up_; }
  // Tries in a row that failed.
  [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }

 private:
  static constexpr std::uint32_t most_doublings = 3;

  std::chrono::seconds interval_;
  std::uint32_t retries_;
  State state_ = State::idle;
  std::uint32_t failures_ = 0;
  bool spoken_ = false;  // on the present connection
  bool ever_up_ = false;
};

}  // namespace dlt::daemon::gateway
