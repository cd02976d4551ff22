// Tells systemd how the service is; without systemd these do nothing. The io thread's.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace dlt::daemon {

class Notify {
 public:
  explicit Notify(asio::io_context& io) noexcept : timer_(io) {}

  // Serving from now on; keeps the watchdog content while the loop runs.
  void ready();
  void stopping();

 private:
  void watchdog(std::chrono::microseconds interval);

  asio::steady_timer timer_;
};

}  // namespace dlt::daemon
