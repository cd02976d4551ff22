#include "snapshot_signal.hpp"

#include <cerrno>

#include "core.hpp"

namespace dlt::detail {

namespace {

void on_signal(int) {
  if (Core* core = Core::get()) core->snapshot_from_handler();
}

}  // namespace

std::error_code SnapshotSignal::install(int signal) noexcept {
  if (signal == 0 || signal_ == signal) return {};
  struct sigaction now {};
  if (::sigaction(signal, nullptr, &now) != 0) return {errno, std::generic_category()};
  const bool free = (now.sa_flags & SA_SIGINFO) == 0 &&
                    (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN || now.sa_handler == &on_signal);
  if (!free) return std::make_error_code(std::errc::device_or_resource_busy);
  struct sigaction ours {};
  ours.sa_handler = &on_signal;
  ours.sa_flags = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  if (::sigaction(signal, &ours, nullptr) != 0) return {errno, std::generic_category()};
  before_ = now;
  signal_ = signal;
  return {};
}

void SnapshotSignal::restore() noexcept {
  if (signal_ == 0) return;
  struct sigaction now {};
  if (::sigaction(signal_, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == &on_signal)
    (void)::sigaction(signal_, &before_, nullptr);
  signal_ = 0;
}

}  // namespace dlt::detail
