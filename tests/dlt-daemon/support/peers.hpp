// Applications and clients on real sockets, for tests: blocking, each wait with a deadline. One thread per object.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dlt-daemon/support/wire.hpp"
#include "session/fd.hpp"
#include "support/deadline.hpp"

namespace dlt::test {

// A connected socket. Reading and writing give up at the deadline.
class Peer {
 public:
  static Peer to_unix(const std::string& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
    return Peer(AF_UNIX, reinterpret_cast<sockaddr*>(&where), sizeof where);
  }
  static Peer to_tcp(std::uint16_t port, int receive_buffer = 0) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return Peer(AF_INET, reinterpret_cast<sockaddr*>(&where), sizeof where, receive_buffer);
  }

  // Who connects next to a listening socket.
  static Peer accepted(int listening) {
    pollfd readable{listening, POLLIN, 0};
    const bool came = ::poll(&readable, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1;
    daemon::Fd fd(came ? ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC) : -1);
    if (!fd) throw std::runtime_error("nobody connects");
    return Peer(std::move(fd));
  }

  // False: the other end is gone, or takes nothing before the deadline.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // The bytes and with them a descriptor, which the other end gets a copy of; on a Unix socket.
  bool send_with(std::string bytes, int descriptor) {
    iovec range{bytes.data(), bytes.size()};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof descriptor)] = {};
    msghdr message{};
    message.msg_iov = &range;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
    return ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Bytes as they come; empty at the end of the stream or at the deadline.
  std::string receive() {
    std::string bytes(64 * 1024, '\0');
    const auto n = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }
  // Exactly n bytes, fewer if no more come.
  std::string receive(std::size_t n) {
    std::string bytes(n, '\0');
    std::size_t have = 0;
    while (have < n) {
      const auto got = ::recv(fd_.get(), bytes.data() + have, n - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }
  // True when the other end has closed; what was still to be read is read away.
  bool is_closed() {
    std::string bytes(64 * 1024, '\0');
    for (;;) {
      const auto n = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (n > 0) continue;
      return n == 0 || errno == ECONNRESET;
    }
  }
  void end_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit Peer(daemon::Fd fd) : fd_(std::move(fd)) {
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  Peer(int family, const sockaddr* where, socklen_t size, int receive_buffer = 0)
      : Peer(daemon::Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0))) {
    if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    if (::connect(fd_.get(), where, size) != 0)
      throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }

  daemon::Fd fd_;
};

// A DLT client: whole frames.
class FrameClient {
 public:
  explicit FrameClient(std::uint16_t port, int receive_buffer = 0) : peer_(Peer::to_tcp(port, receive_buffer)) {}

  // The next frame; empty at the end of the stream or at the deadline.
  std::string frame() {
    for (;;) {
      const auto have = bytes_.size() - at_;
      if (have >= 4) {
        const auto n = proto::load_be<std::uint16_t>(bytes_.data() + at_ + 2);
        if (have >= n) {
          at_ += n;
          return bytes_.substr(at_ - n, n);
        }
      }
      bytes_.erase(0, at_);
      at_ = 0;
      const auto more = peer_.receive();
      if (more.empty()) return {};
      bytes_ += more;
    }
  }
  // The next log message of an application (not of the daemon); its number.
  std::uint32_t number() {
    for (;;) {
      const auto f = frame();
      if (f.empty()) return 0xffff'ffff;
      if (f[0] == 0x3d) return number_of(proto::as_bytes(f));
      others_.push_back(f);
    }
  }
  std::vector<std::uint32_t> numbers(std::size_t n) {
    std::vector<std::uint32_t> out;
    while (out.size() < n) {
      out.push_back(number());
      if (out.back() == 0xffff'ffff) break;
    }
    return out;
  }
  // The next control message of the daemon with this service; empty if none comes.
  std::string control(std::uint32_t service) {
    for (;;) {
      const auto f = frame();
      if (f.empty()) return {};
      if (f[0] == 0x35 && f.size() >= 26 && proto::load_le<std::uint32_t>(f.data() + 22) == service) return f;
    }
  }
  Peer& peer() { return peer_; }
  [[nodiscard]] const std::vector<std::string>& others() const { return others_; }  // frames that number() passed over

 private:
  Peer peer_;
  std::string bytes_;
  std::size_t at_ = 0;
  std::vector<std::string> others_;
};

// Sends `count` numbered messages in batches; for a thread of its own.
inline void flood(Peer& app, std::uint32_t count) {
  constexpr std::uint32_t per_batch = 800;
  for (std::uint32_t i = 0; i < count; i += per_batch)
    if (!app.send(numbered_batch(i, std::min(per_batch, count - i)))) return;
}

// How many of the next `count` messages do not come in order, each once.
inline std::uint32_t out_of_order(FrameClient& client, std::uint32_t count) {
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < count; ++i)
    if (client.number() != i) ++wrong;
  return wrong;
}

}  // namespace dlt::test
