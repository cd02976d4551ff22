#include "harness/delay_line.hpp"

#include <algorithm>

namespace dlt::bench {

bool DelayLine::put(std::span<const std::byte> packet, std::uint64_t now_ns) {
  if (held_.size() >= limits_.packets || bytes_ + packet.size() > limits_.bytes) {
    ++dropped_;
    return false;
  }
  std::uint64_t due = now_ns + limits_.delay_ns;
  if (limits_.jitter_ns != 0) due += std::uniform_int_distribution<std::uint64_t>(0, limits_.jitter_ns)(random_);
  if (!held_.empty()) due = std::max(due, held_.back().due_ns);
  held_.push_back({due, {packet.begin(), packet.end()}});
  bytes_ += packet.size();
  return true;
}

std::optional<std::span<const std::byte>> DelayLine::next(std::uint64_t now_ns) const noexcept {
  if (held_.empty() || held_.front().due_ns > now_ns) return {};
  return std::span<const std::byte>(held_.front().bytes);
}

void DelayLine::take() {
  bytes_ -= held_.front().bytes.size();
  held_.pop_front();
  ++passed_;
}

std::optional<std::uint64_t> DelayLine::due_ns() const noexcept {
  if (held_.empty()) return {};
  return held_.front().due_ns;
}

}  // namespace dlt::bench
