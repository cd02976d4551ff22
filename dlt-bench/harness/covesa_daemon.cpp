#include "harness/covesa_daemon.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "harness/clock.hpp"
#include "harness/daemon.hpp"
#include "harness/error.hpp"
#include "harness/loopback.hpp"

namespace dlt::bench {
namespace {

// This daemon cannot be told to choose a port itself: ask the kernel for one that is free now.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a = loopback(0);
  socklen_t size = sizeof a;
  const bool good = ::bind(fd, reinterpret_cast<const sockaddr*>(&a), size) == 0 &&
                    ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0;
  ::close(fd);
  if (!good) throw BenchError("the kernel gives no port");
  return ntohs(a.sin_port);
}

bool answers(std::uint16_t port) {
  const int fd = connect_loopback(port);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

std::optional<std::string> CovesaDaemon::find() {
  const std::string program = "/usr/bin/dlt-daemon";
  if (::access(program.c_str(), X_OK) != 0 || is_our_daemon(program)) return {};
  return program;
}

CovesaDaemon::CovesaDaemon(const std::string& program) : port_(free_port()) {
  const std::string configuration = (scratch_.path() / "dlt.conf").string();
  std::ofstream(configuration)
      << "UDPConnectionSetup = 0\nLoggingMode = 2\nLoggingLevel = 3\nLoggingFilename = "
      << (scratch_.path() / "own.log").string()
      << "\nControlSocketPath = " << (scratch_.path() / "control.sock").string()
      << "\nRingbufferMinSize = 500000\nRingbufferMaxSize = 10000000\nRingbufferStepSize = 500000\n";
  child_.emplace(Child::start({{program, "-c", configuration, "-t", directory(), "-p", std::to_string(port_)},
                               {},
                               (scratch_.path() / "stderr.log").string()}));
  for (const double deadline = now_s() + 10; !answers(port_); ::poll(nullptr, 0, 10)) {
    check_alive();
    if (now_s() > deadline) throw BenchError("the incumbent's daemon does not answer");
  }
}

void CovesaDaemon::check_alive() {
  if (const auto status = child_->ended())
    throw BenchError("the incumbent's daemon is gone (" + describe_status(*status) + ")");
}

}  // namespace dlt::bench
