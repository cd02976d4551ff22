#include "fifo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "atomic_writes.hpp"
#include "sigpipe_guard.hpp"

namespace dlt::detail {

namespace {

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

Identity myself() {
  Identity self{::geteuid(), {::getegid()}};
  const int n = ::getgroups(0, nullptr);
  if (n <= 0) return self;
  std::vector<gid_t> more(static_cast<std::size_t>(n));
  more.resize(static_cast<std::size_t>(std::max(0, ::getgroups(n, more.data()))));
  self.groups.insert(self.groups.end(), more.begin(), more.end());
  return self;
}

// Fills `info` where the result is a descriptor.
Result<int> open_fifo(const Address& at, struct stat& info) {
  const Identity self = at.by_default ? myself() : Identity{};  // memory first, then the descriptor
  const int fd = ::open((at.path + "/dlt").c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return errno == ELOOP ? std::make_error_code(std::errc::not_a_stream) : last_error();
  std::error_code error;
  if (::fstat(fd, &info) != 0) error = last_error();
  else if (!S_ISFIFO(info.st_mode)) error = std::make_error_code(std::errc::not_a_stream);
  else if (at.by_default && !is_trusted_fifo(info, self))
    error = std::make_error_code(std::errc::operation_not_permitted);
  if (!error) return fd;
  ::close(fd);
  return error;
}

}  // namespace

bool is_trusted_fifo(const struct stat& info, const Identity& self) noexcept {
  if (info.st_uid == 0 || info.st_uid == self.uid) return true;
  const bool for_its_group = (info.st_mode & S_IWGRP) != 0 && (info.st_mode & S_IWOTH) == 0;
  return for_its_group && std::find(self.groups.begin(), self.groups.end(), info.st_gid) != self.groups.end();
}

std::error_code Fifo::look(const Address& at) {
  struct stat info {};
  const auto fd = open_fifo(at, info);
  if (fd) ::close(*fd);
  return fd.error();
}

std::error_code Fifo::open(const Address& at, std::int32_t pid, std::error_code& unanswered) {
  close();
  struct stat info {};
  const auto fd = open_fifo(at, info);
  if (!fd) return fd.error();
  device_ = info.st_dev;
  inode_ = info.st_ino;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // a child that is forked here knows which one it is
  fd_ = *fd;
  unanswered = answers_.open(at.path, pid);
  return {};
}

void Fifo::close() noexcept {
  const int fd = std::exchange(fd_, -1);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (fd >= 0) ::close(fd);
  answers_.close();
}

void Fifo::abandon_in_child() noexcept {
  const int fd = std::exchange(fd_, -1);
  struct stat info {};
  if (fd >= 0 && ::fstat(fd, &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) ::close(fd);
  answers_.abandon_in_child();
}

Result<std::size_t> Fifo::send(std::span<const iovec> messages) noexcept {
  AtomicWrites writes(messages);
  SigpipeGuard guard;
  int failure = 0;
  for (auto one = writes.next(); !one.empty(); one = writes.next()) {
    const ssize_t n = ::writev(fd_, one.data(), static_cast<int>(one.size()));
    if (n == static_cast<ssize_t>(writes.bytes())) continue;
    failure = n < 0 ? errno : EIO;  // the kernel keeps such a write whole
    break;
  }
  passed_over_ += writes.passed_over();
  if (failure == EPIPE) guard.on_broken_pipe();
  if (writes.moved() != 0 || failure == 0) return writes.moved();
  if (failure == EPIPE) return Errc::closed;
  if (failure == EAGAIN || failure == EINTR) return std::make_error_code(std::errc::operation_would_block);
  return std::error_code(failure, std::generic_category());
}

Result<std::size_t> Fifo::receive(std::span<std::byte> into) noexcept {
  std::array<pollfd, 2> fds{{{answers_.fd(), POLLIN, 0}, {fd_, 0, 0}}};
  if (::poll(fds.data(), fds.size(), 0) > 0) {
    if ((fds[0].revents & POLLIN) != 0) return answers_.receive(into);
    if ((fds[1].revents & POLLERR) != 0) return Errc::closed;
  }
  return std::make_error_code(std::errc::operation_would_block);
}

}  // namespace dlt::detail
