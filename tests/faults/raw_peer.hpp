// A connection that says whatever bytes a test wants, to the application socket or a TCP port. Blocking; reading and
// writing give up at the deadline. One thread per object.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "support/deadline.hpp"

namespace dlt::test {

class RawPeer {
 public:
  static sockaddr_un unix_address(const std::string& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
    return where;
  }
  static RawPeer to_unix(const std::string& path) {
    const auto where = unix_address(path);
    return RawPeer(AF_UNIX, &where, sizeof where, 0);
  }
  // `receive_buffer`: bytes that the kernel takes although nobody reads; 0: its default.
  static RawPeer to_tcp(std::uint16_t port, int receive_buffer = 0, const char* host = "127.0.0.1") {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    inet_pton(AF_INET, host, &where.sin_addr);
    return RawPeer(AF_INET, &where, sizeof where, receive_buffer);
  }
  RawPeer(RawPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawPeer& operator=(RawPeer&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~RawPeer() { close(); }

  // False: the other end is gone, or takes nothing before the deadline.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Bytes as they come; empty at the end of the stream or at the deadline.
  std::string receive(std::size_t limit = 64 * 1024) const {
    std::string bytes(limit, '\0');
    const auto n = recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }
  // Waits until the other end has closed; false at the deadline. What was still to be read is read away.
  bool is_closed() const {
    std::string bytes(64 * 1024, '\0');
    for (;;) {
      const auto n = recv(fd_, bytes.data(), bytes.size(), 0);
      if (n > 0) continue;
      return n == 0 || errno == ECONNRESET || errno == EPIPE || errno == ETIMEDOUT;
    }
  }
  // Has it closed by now? Reads nothing away.
  bool closed_now() const {
    char byte = 0;
    const auto n = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  RawPeer(int family, const void* where, socklen_t size, int receive_buffer)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{patience.count(), 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (connect(fd_, static_cast<const sockaddr*>(where), size) == 0) return;
    const std::string reason = std::strerror(errno);
    close();
    throw std::runtime_error("connect: " + reason);
  }

  int fd_ = -1;
};

}  // namespace dlt::test
