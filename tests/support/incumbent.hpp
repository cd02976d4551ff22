// COVESA's dlt-daemon, as packaged, with a folder of its own for its FIFOs and a port on the loopback.
// The test's main thread only.
#pragma once

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

class Incumbent {
 public:
  // Returns when applications and clients can connect; throws std::runtime_error with what it said if that fails.
  void start();
  void kill() { static_cast<void>(child_->stop(SIGKILL)); }
  std::optional<int> stop() { return child_->stop(); }

  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] std::string address() const { return "fifo:" + dir_.path().string(); }  // for DLT_DAEMON_ADDRESS
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string port_text() const { return std::to_string(port_); }
  [[nodiscard]] Outcome control(std::vector<std::string> arguments) const;  // dlt-control

 private:
  [[nodiscard]] bool try_start();

  TempDir dir_;
  std::unique_ptr<Child> child_;
  std::uint16_t port_ = 0;
};

}  // namespace dlt::test
