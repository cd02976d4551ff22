// Tells systemd how the service is; without systemd these do nothing. The io thread's: the watchdog hears from it as
// often as its loop comes round, and no more when the loop stands.
//
//   ready() --reloading()--> reloaded() ... --stopping()-->
#pragma once

#include <functional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace dlt::daemon {

class Notify {
 public:
  // `summary`: what the daemon does, in half a line, for `systemctl status`.
  Notify(asio::io_context& io, std::function<std::string()> summary) : summary_(std::move(summary)), timer_(io) {}

  // Serving from now on; keeps the watchdog content while the loop runs.
  void ready();
  void reloading();
  // `good`: the configuration was taken; else the old one goes on, which the status says until a good one comes.
  void reloaded(bool good);
  void stopping();
  // Keeps the watchdog content again, and says what could not be said, should an error have ended that.
  void revive();

 private:
  void tick();
  [[nodiscard]] std::string status() const;
  void tell(const std::string& what);

  std::function<std::string()> summary_;
  std::string told_;                   // status of the last time
  std::chrono::microseconds pace_{0};  // of tick()
  bool watched_ = false;               // there is a watchdog
  bool waits_ = false;                 // for the next tick()
  bool reloading_ = false;             // reloaded() has to be said
  bool good_ = true;                   // the configuration is
  asio::steady_timer timer_;
};

}  // namespace dlt::daemon
