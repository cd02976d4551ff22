// A wire that takes time: packets go in, and come out in the same order after a delay and a jitter.
//
//   put(packet, now) ──▶ [ due: max(now + delay + jitter, due of the one before) ]… ──▶ next(now) ──▶ take()
//
// Bounded in packets and bytes, as the queue of a router: what does not fit is dropped and counted. Pure; time comes
// in. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace dlt::bench {

struct DelayLimits {
  std::uint64_t delay_ns = 0;
  std::uint64_t jitter_ns = 0;  // evenly between 0 and this, on top
  std::size_t packets = 65'536;
  std::size_t bytes = 64U << 20;
};

class DelayLine {
 public:
  DelayLine(const DelayLimits& limits, std::uint64_t seed) : limits_(limits), random_(seed) {}

  // False: there was no room, and the packet is gone.
  bool put(std::span<const std::byte> packet, std::uint64_t now_ns);
  // The packet that is due; it stays until take(). Valid until the next call of put() or take().
  [[nodiscard]] std::optional<std::span<const std::byte>> next(std::uint64_t now_ns) const noexcept;
  void take();
  // When the next one will be; nothing while it is empty.
  [[nodiscard]] std::optional<std::uint64_t> due_ns() const noexcept;

  [[nodiscard]] std::size_t packets() const noexcept { return held_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t passed() const noexcept { return passed_; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  struct Packet {
    std::uint64_t due_ns;
    std::vector<std::byte> bytes;
  };

  DelayLimits limits_;
  std::mt19937_64 random_;
  std::deque<Packet> held_;
  std::size_t bytes_ = 0;
  std::uint64_t passed_ = 0, dropped_ = 0;
};

}  // namespace dlt::bench
