// Limits a rate, with room for bursts: holds at most `burst` tokens, gains `rate` a second.
//
// What has already happened is taken even if it costs more than is there; then there is a debt, and debt() tells how
// long nothing more should happen. A rate of 0 means no limit. Pure; time comes in. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace dlt::daemon {

class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  TokenBucket(std::uint64_t rate, std::uint64_t burst) noexcept
      : rate_(static_cast<double>(rate)), burst_(static_cast<double>(burst)), tokens_(burst_) {}

  [[nodiscard]] bool limited() const noexcept { return rate_ > 0; }

  void take(std::uint64_t n, Clock::time_point now) noexcept {
    if (!limited()) return;
    refill(now);
    tokens_ -= static_cast<double>(n);
  }
  // Takes one token if there is one.
  [[nodiscard]] bool try_take(Clock::time_point now) noexcept {
    if (!limited()) return true;
    refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  // Takes n tokens if there is any, perhaps into debt: what is larger than a burst passes at times.
  [[nodiscard]] bool try_take(std::uint64_t n, Clock::time_point now) noexcept {
    if (!limited()) return true;
    refill(now);
    if (tokens_ <= 0) return false;
    tokens_ -= static_cast<double>(n);
    return true;
  }
  // How long until the debt is paid; zero without one.
  [[nodiscard]] Clock::duration debt() const noexcept {
    if (!limited() || tokens_ >= 0) return {};
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(-tokens_ / rate_)) +
           std::chrono::milliseconds(1);
  }

 private:
  void refill(Clock::time_point now) noexcept {
    if (now <= last_) return;
    if (last_ != Clock::time_point{}) tokens_ += std::chrono::duration<double>(now - last_).count() * rate_;
    tokens_ = std::min(tokens_, burst_);
    last_ = now;
  }

  double rate_;
  double burst_;
  double tokens_;
  Clock::time_point last_{};
};

}  // namespace dlt::daemon
