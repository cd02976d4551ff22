#include "socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dlt::detail {

namespace {

std::uint64_t inode_of(int fd) noexcept {
  struct stat s {};
  return fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode) ? s.st_ino : 0;
}

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

Result<std::size_t> moved(ssize_t n) noexcept {
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EPIPE || errno == ECONNRESET) return Errc::closed;
  if (errno == EINTR) return std::make_error_code(std::errc::operation_would_block);
  return last_error();
}

}  // namespace

bool Endpoint::operator==(const Endpoint& other) const noexcept {
  return size == other.size && std::memcmp(&address, &other.address, size) == 0;
}

std::error_code Socket::connect(const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::error_code Socket::connect(const Endpoint& to) noexcept {
  return connect(to.address.ss_family, reinterpret_cast<const sockaddr*>(&to.address), to.size);
}

std::error_code Socket::connect(int domain, const sockaddr* to, socklen_t size) noexcept {
  close();
  unix_ = domain == AF_UNIX;
  adopt(::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd_ < 0) return last_error();
  if (!unix_) watch_peer();
  if (::connect(fd_, to, size) != 0 && (unix_ || errno != EINPROGRESS)) {
    const std::error_code error = last_error();
    close();
    return error;
  }
  setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  return {};
}

void Socket::watch_peer() noexcept {
  const auto set = [&](int level, int name, int value) { ::setsockopt(fd_, level, name, &value, sizeof value); };
  constexpr int seconds = static_cast<int>(peer_timeout.count() / 1000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, seconds / 2);  // then probes, if nothing else is under way
  set(IPPROTO_TCP, TCP_KEEPINTVL, seconds / 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(peer_timeout.count()));
}

std::error_code Socket::finish_connect() noexcept {
  pollfd p{fd_, POLLOUT, 0};
  if (::poll(&p, 1, 0) != 1) return std::make_error_code(std::errc::operation_would_block);
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return last_error();
  return {error, std::generic_category()};
}

void Socket::finish_sending() noexcept { ::shutdown(fd_, SHUT_WR); }

void Socket::wait_readable(std::chrono::milliseconds limit) noexcept {
  pollfd p{fd_, POLLIN, 0};
  ::poll(&p, 1, static_cast<int>(limit.count()));
}

// The number is known here only while it is ours: a child that is forked in between loses a descriptor, it does not
// close somebody else's.
void Socket::adopt(int fd) noexcept {
  inode_ = fd >= 0 ? inode_of(fd) : 0;
  fd_ = fd;
}

void Socket::close() noexcept {
  const int fd = std::exchange(fd_, -1);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (fd >= 0) ::close(fd);
}

void Socket::abandon_in_child() noexcept {
  const int fd = std::exchange(fd_, -1);
  if (fd >= 0 && inode_of(fd) == inode_) ::close(fd);
}

Result<std::size_t> Socket::send(std::span<const iovec> ranges) noexcept {
  msghdr m{};
  m.msg_iov = const_cast<iovec*>(ranges.data());
  m.msg_iovlen = ranges.size();
  return moved(::sendmsg(fd_, &m, MSG_NOSIGNAL | MSG_DONTWAIT));
}

Result<std::size_t> Socket::send_with_descriptor(proto::Bytes bytes, int fd) noexcept {
  iovec range{const_cast<std::byte*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr m{};
  m.msg_iov = &range;
  m.msg_iovlen = 1;
  m.msg_control = control.data();
  m.msg_controllen = control.size();
  cmsghdr* c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  return moved(::sendmsg(fd_, &m, MSG_NOSIGNAL | MSG_DONTWAIT));
}

Result<std::size_t> Socket::receive(std::span<std::byte> into) noexcept {
  const ssize_t n = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
  if (n == 0) return Errc::closed;
  if (n < 0 && errno == ECONNRESET) return last_error();
  return moved(n);
}

}  // namespace dlt::detail
