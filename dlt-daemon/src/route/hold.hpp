// When a sink may hold the applications back, and when it has to drop instead.
//
//              level >= high                 level <= low
//   flowing ------------------> holding --------------------> flowing
//                                  | the patience is used up
//                                  v          queue empty
//                               dropping -------------------> flowing    (the loss is announced then)
//   any state, no room at all: this span is dropped and the state becomes dropping
//
// Time runs from the moment of asking, whatever progress there is: a sink that is slow but alive costs everybody else
// at most that long at a time. Patience begins at `limit` and doubles, up to `longest`, each time the sink catches up:
// a client that has proved to read and is merely not scheduled for a while should lose nothing, one that never read
// should cost next to nothing. Used up once, it begins at `limit` again. Pure; time comes in. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dlt::daemon {

using Clock = std::chrono::steady_clock;

class Hold {
 public:
  enum class State : std::uint8_t { flowing, holding, dropping };
  struct Limits {
    std::size_t capacity = 0;   // bytes that the queue may hold
    std::size_t high = 0;       // ask to hold from here
    std::size_t low = 0;        // flow again from here
    Clock::duration limit{};    // how long asking is honoured at first
    Clock::duration longest{};  // and for a sink that keeps catching up; >= limit
  };
  // The usual marks: a quarter, at most 1 MiB, stays free for what is read already; flow again a quarter below that.
  [[nodiscard]] static Limits limits(std::size_t capacity, Clock::duration limit, Clock::duration longest) noexcept {
    const std::size_t reserve = capacity / 4 < (1U << 20) ? capacity / 4 : (1U << 20);
    const std::size_t high = capacity - reserve;
    return {capacity, high, high - high / 4, limit, longest};
  }

  explicit Hold(Limits limits) noexcept : limits_(limits), patience_(limits.limit) {}

  // May `size` more bytes enter a queue that has `queued`? If not, they are dropped.
  [[nodiscard]] bool admit(std::size_t queued, std::size_t size, Clock::time_point now) noexcept;
  // The queue has shrunk to `queued`. True when a time of dropping has just ended.
  bool drained(std::size_t queued) noexcept;
  // Time passes.
  void tick(Clock::time_point now) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  // While holding: when tick() has to be called.
  [[nodiscard]] Clock::time_point deadline() const noexcept { return since_ + patience_; }

 private:
  void drop() noexcept;

  Limits limits_;
  State state_ = State::flowing;
  Clock::duration patience_;
  Clock::time_point since_{};
};

}  // namespace dlt::daemon
