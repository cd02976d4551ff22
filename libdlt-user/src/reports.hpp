// What the daemon is told about the books: losses since the last report, by buffer and cause, and running totals.
// Pure; time comes in. The first sender only.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

#include "dlt/proto/local.hpp"
#include "dlt/stats.hpp"

namespace dlt::detail {

class Reports {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds interval{500};

  [[nodiscard]] bool due(Clock::time_point now) const noexcept { return now - last_ >= interval; }
  // A new connection: totals are sent anew; losses go on from where they were told.
  void on_connected() noexcept { last_accepted_ = ~0ULL; }
  // It leads to another daemon, before it is told anything: losses go on from what the last one has acknowledged. What
  // it may not have read went with it. (One that lives has read it.)
  void on_another_daemon() noexcept {
    said_ = heard_;
    withdraw();
  }

  // The entries of the Loss message, empty when nothing was lost since; counts as told.
  [[nodiscard]] const std::vector<std::byte>& losses(const Stats& stats);
  // What Loss messages have told so far, by buffer and cause; empty before the first.
  using ByCause = std::array<std::uint64_t, proto::local::loss_causes>;
  [[nodiscard]] const std::vector<ByCause>& told() const noexcept { return told_; }
  // All Loss messages so far have gone out; or the connection broke, and those since the last said() have not: the
  // next one tells of these losses again. heard: the daemon has all that went.
  void said() noexcept { std::copy(told_.begin(), told_.end(), said_.begin()); }
  void heard() noexcept { heard_ = said_; }
  void withdraw() noexcept { std::copy_n(said_.begin(), told_.size(), told_.begin()); }
  // The entries of the Statistics message, empty when nothing has changed since.
  [[nodiscard]] const std::vector<std::byte>& totals(const Stats& stats, Clock::time_point now);

 private:
  [[nodiscard]] static ByCause by_cause(const Drops& d) noexcept;

  Clock::time_point last_{};
  std::uint64_t last_accepted_ = ~0ULL;
  std::uint64_t last_delivered_ = 0;
  std::vector<ByCause> told_;
  std::array<ByCause, Options::max_buffers> said_{};
  std::array<ByCause, Options::max_buffers> heard_{};
  std::vector<std::byte> bytes_;
};

}  // namespace dlt::detail
