// How a log call gets a sender's attention, and how a sender waits without polling.
//
// Parking is a Dekker hand-shake with an asymmetric fence: the sender stores `parked`, has the kernel order all running
// threads (membarrier), looks at the queues once more and only then sleeps; producers publish and then look at the
// state with a plain load. So the cost is the sender's, once per park. Where membarrier is missing the sender wakes by
// itself every `fallback_limit`.
//
// ring(), ring_always(), set() and the state may be used by any thread, the first two also in signal handlers; the
// announcements, clear() and the descriptor by the one sender.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "dlt/detail/writer.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::detail {

class Doorbell {
 public:
  static constexpr std::chrono::milliseconds fallback_limit{10};

  Doorbell() = default;
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  std::error_code open() noexcept;  // before any other call

  // Wakes the sender if it is napping or parked; only the caller that finds it so pays the system call.
  void ring() noexcept;
  // Wakes the sender whatever it does: for registrations, flush and stop.
  void ring_always() noexcept;

  // What log calls look at; the address stays valid for ever.
  [[nodiscard]] std::atomic<std::uint32_t>& state() noexcept { return state_; }
  [[nodiscard]] bool asleep() const noexcept {
    return (state_.load(std::memory_order_relaxed) & ~attention::bits) != attention::awake;
  }
  [[nodiscard]] std::uint64_t rings() const noexcept { return rings_.load(std::memory_order_relaxed); }
  // attention::print or ::record: log calls take the slow way out, whatever the sender does.
  void set(std::uint32_t bit, bool on) noexcept;

  // The sender: announces that it is about to sleep. After announce_parked() it must look for work once more.
  void announce_napping() noexcept { change(attention::napping); }
  void announce_parked() noexcept;
  void announce_awake() noexcept { change(attention::awake); }
  [[nodiscard]] bool has_fence() const noexcept { return has_fence_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void clear() noexcept;             // takes the ring out of the descriptor
  void abandon_in_child() noexcept;  // after fork: the descriptor is the parent's

 private:
  void change(std::uint32_t activity) noexcept;

  std::atomic<std::uint32_t> state_{attention::awake};  // sync: doorbell. Written by the sender, and by ring()
  std::atomic<std::uint64_t> rings_{0};
  int fd_ = -1;
  bool has_fence_ = false;
};

}  // namespace dlt::detail
