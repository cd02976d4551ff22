// Sockets that listen on loopback, at ports that the kernel chooses.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace dlt::test {

class Listener {
 public:
  // `port` 0: one that is free. Not open when the port is taken.
  explicit Listener(const char* number = "127.0.0.1", std::uint16_t port = 0, int backlog = 8)
      : number_(number), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a = address(port);
    socklen_t size = sizeof a;
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&a), size) == 0 && ::listen(fd_, backlog) == 0 &&
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size) == 0)
      port_ = ntohs(a.sin_port);
  }
  ~Listener() {
    for (const int caller : callers_)
      if (caller >= 0) ::close(caller);
    if (fd_ >= 0) ::close(fd_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] bool is_open() const { return port_ != 0; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  // Of one with backlog 0: whoever connects from now on hears nothing, as of a host that is not there.
  void fall_silent() {
    for (int& caller : callers_) {
      caller = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      const sockaddr_in a = address(port_);
      (void)::connect(caller, reinterpret_cast<const sockaddr*>(&a), sizeof a);
    }
  }

 private:
  [[nodiscard]] sockaddr_in address(std::uint16_t port) const {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    ::inet_pton(AF_INET, number_, &a.sin_addr);
    return a;
  }

  const char* number_;
  int fd_;
  std::uint16_t port_ = 0;
  std::array<int, 2> callers_{-1, -1};
};

}  // namespace dlt::test
