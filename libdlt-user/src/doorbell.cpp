#include "doorbell.hpp"

#include <linux/membarrier.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace dlt::detail {

namespace {

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

}  // namespace

std::error_code Doorbell::open() noexcept {
  fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd_ < 0) return {errno, std::generic_category()};
  has_fence_ = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
  return {};
}

void Doorbell::ring() noexcept {
  std::uint32_t seen = state_.load(std::memory_order_relaxed);
  while ((seen & ~attention::bits) != attention::awake) {
    if (state_.compare_exchange_weak(seen, attention::awake | (seen & attention::bits), std::memory_order_acq_rel)) {
      rings_.fetch_add(1, std::memory_order_relaxed);
      ring_always();
      return;
    }
  }
}

void Doorbell::ring_always() noexcept {
  const int saved = errno;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the sender has been rung already. Not ::write(): there a thread that
  // is to be cancelled ends, and no log call may.
  [[maybe_unused]] const auto n = syscall(SYS_write, fd_, &one, sizeof one);
  errno = saved;
}

void Doorbell::set(std::uint32_t bit, bool on) noexcept {
  if (on) state_.fetch_or(bit, std::memory_order_relaxed);
  else state_.fetch_and(~bit, std::memory_order_relaxed);
}

void Doorbell::change(std::uint32_t activity) noexcept {
  std::uint32_t seen = state_.load(std::memory_order_relaxed);
  while (!state_.compare_exchange_weak(seen, activity | (seen & attention::bits), std::memory_order_seq_cst)) {
  }
}

void Doorbell::announce_parked() noexcept {
  change(attention::parked);
  // sync: doorbell. After this every producer either sees `parked` or has published what it wrote before.
  if (has_fence_) membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

Doorbell::~Doorbell() {
  if (fd_ >= 0) ::close(fd_);
}

void Doorbell::abandon_in_child() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Doorbell::clear() noexcept {
  std::uint64_t n = 0;
  [[maybe_unused]] const auto r = ::read(fd_, &n, sizeof n);
}

}  // namespace dlt::detail
