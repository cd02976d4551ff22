#include "harness/loopback.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "harness/error.hpp"

namespace dlt::bench {

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

int connect_loopback(std::uint16_t port) noexcept {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in a = loopback(port);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0) return fd;
  const int why = errno;
  ::close(fd);
  errno = why;
  return -1;
}

int connect_to_daemon(std::uint16_t port) {
  const int fd = connect_loopback(port);
  if (fd < 0) throw BenchError("no daemon answers on port " + std::to_string(port) + ": " + std::strerror(errno));
  return fd;
}

}  // namespace dlt::bench
