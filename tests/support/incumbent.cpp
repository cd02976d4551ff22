#include "support/incumbent.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>

#include "support/loopback.hpp"

namespace dlt::test {

namespace {

// Whether it serves. Asked at the socket for control, which it opens last: whoever connects to its port is a client,
// and gets what it has kept for one.
bool serves(const std::string& control_socket) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  control_socket.copy(where.sun_path, sizeof where.sun_path - 1);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
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
  const bool up = eventually([&] { return !child_->running() || serves(dir_ / "ctrl.sock"); });
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
