#include "support/loopback.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace dlt::test {

namespace {

struct Socket {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd); }
};

}  // namespace

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return where;
}

std::uint16_t free_port() {
  const Socket s;
  sockaddr_in where = loopback(0);
  socklen_t size = sizeof where;
  if (::bind(s.fd, reinterpret_cast<sockaddr*>(&where), size) != 0 ||
      ::getsockname(s.fd, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    throw std::runtime_error("the kernel gives no port");
  return ntohs(where.sin_port);
}

bool answers(std::uint16_t port) {
  const Socket s;
  const sockaddr_in where = loopback(port);
  return ::connect(s.fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

}  // namespace dlt::test
