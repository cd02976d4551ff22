// The incumbent's daemon in a directory of its own: own FIFO, own port, no multicast. Ended by its pid with this
// object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/child.hpp"
#include "harness/scratch.hpp"

namespace dlt::bench {

class CovesaDaemon {
 public:
  // The program, when it is installed; its name is that of our own.
  [[nodiscard]] static std::optional<std::string> find();

  explicit CovesaDaemon(const std::string& program);  // throws BenchError when it does not come up

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] pid_t pid() const noexcept { return child_->pid(); }
  // For applications: DLT_PIPE_DIR.
  [[nodiscard]] std::string directory() const { return scratch_.path().string(); }
  void check_alive();

 private:
  Scratch scratch_;
  std::uint16_t port_;
  std::optional<Child> child_;
};

}  // namespace dlt::bench
