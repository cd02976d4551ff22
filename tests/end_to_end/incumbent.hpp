// The incumbent's programs, started so that they read a configuration of the test's own. The test's main thread only.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/child.hpp"

namespace dlt::test {

inline const std::string incumbent_daemon = "/usr/bin/dlt-daemon";

// Its tools read the path of the control socket from /etc/dlt.conf and from nowhere else: they get a view of the files
// of their own, where that may be.
inline bool may_mount() { return run({"unshare", "-m", "true"}).code == 0 && std::filesystem::exists("/etc/dlt.conf"); }
inline Outcome run_with_dlt_conf(const std::string& dlt_conf, const std::vector<std::string>& tool_and_options) {
  std::vector<std::string> command{"unshare", "-m", "sh", "-c", R"(mount --bind "$0" /etc/dlt.conf && exec "$@")",
                                   dlt_conf};
  command.insert(command.end(), tool_and_options.begin(), tool_and_options.end());
  return run(command);
}

// For a daemon that does not let the kernel choose. Somebody else may have taken it by the time that it is used.
inline std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  const bool good = ::bind(fd, reinterpret_cast<const sockaddr*>(&a), size) == 0 &&
                    ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0;
  ::close(fd);
  if (!good) throw std::runtime_error("the kernel gives no port");
  return ntohs(a.sin_port);
}

}  // namespace dlt::test
