#include "support/incumbent.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace dlt::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

// Nobody has it now. Somebody may a moment later: then the daemon ends, and another is tried.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a = loopback(0);
  socklen_t size = sizeof a;
  const bool known = ::bind(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0;
  ::close(fd);
  return known ? ntohs(a.sin_port) : std::uint16_t{0};
}

bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in a = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

void Incumbent::start() {
  for (int tries = 0; tries < 5; ++tries)
    if (try_start()) return;
  throw std::runtime_error("COVESA's dlt-daemon did not start; it said:\n" + read_file(dir_ / "incumbent.log"));
}

bool Incumbent::try_start() {
  if (port_ == 0 || (child_ && answers(port_))) port_ = free_port();
  const std::string configuration = dir_ / "incumbent.conf";
  // Multicast off, and the listening address in the only form that its build with IPv6 takes for the loopback.
  write_file(configuration, "UDPConnectionSetup = 0\nBindAddress = ::ffff:127.0.0.1\nControlSocketPath = " +
                                dir_ / "ctrl.sock" + "\nPersistanceStoragePath = " + dir_.path().string() + "\n");
  child_ = std::make_unique<Child>(Child::Setup{
      .command = {"/usr/bin/dlt-daemon", "-c", configuration, "-t", dir_.path().string(), "-p", port_text()},
      .out = dir_ / "incumbent.log",
      .err = dir_ / "incumbent.log"});
  const bool up = eventually([&] { return !child_->running() || answers(port_); });
  if (up && child_->running()) return true;
  port_ = 0;
  return false;
}

Outcome Incumbent::control(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "dlt-control");
  arguments.insert(arguments.end(), {"-p", port_text(), "127.0.0.1"});
  return run(arguments);
}

}  // namespace dlt::test
