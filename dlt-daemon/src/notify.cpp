#include "notify.hpp"

#include <systemd/sd-daemon.h>

namespace dlt::daemon {

void Notify::ready() {
  ::sd_notify(0, "READY=1");
  std::uint64_t limit_us = 0;
  if (::sd_watchdog_enabled(0, &limit_us) > 0) watchdog(std::chrono::microseconds(limit_us / 2));
}

void Notify::stopping() {
  timer_.cancel();
  ::sd_notify(0, "STOPPING=1");
}

void Notify::watchdog(std::chrono::microseconds interval) {
  ::sd_notify(0, "WATCHDOG=1");
  timer_.expires_after(interval);
  timer_.async_wait([this, interval](std::error_code error) {
    if (!error) watchdog(interval);
  });
}

}  // namespace dlt::daemon
