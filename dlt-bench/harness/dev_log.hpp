// Another socket in the place of /dev/log, for this process alone: syslog(3) cannot be told where to send to.
//
// The process gets mounts of its own, in which a folder that holds nothing but `log` lies over /dev; what it has open
// stays open. Needs the right to mount, or user namespaces. Constructed while the process has one thread; lasts until
// the process ends.
#pragma once

#include <string>

#include "harness/scratch.hpp"

namespace dlt::bench {

// Whether a datagram to that socket would be taken: a socket that a daemon has left behind takes none.
[[nodiscard]] bool listens_at(const std::string& socket_path) noexcept;

class DevLog {
 public:
  // Throws BenchError where the kernel does not allow it.
  explicit DevLog(const std::string& socket_path);

  // Tried out in a child process, which ends again.
  [[nodiscard]] static bool allowed();

 private:
  Scratch folder_;
};

}  // namespace dlt::bench
