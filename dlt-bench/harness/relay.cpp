#include "harness/relay.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "harness/error.hpp"
#include "harness/loopback.hpp"

namespace dlt::bench {
namespace {

// Passes on what is there. False: one side has ended.
bool pass(int from, int to) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  for (ssize_t at = 0; at < n;) {
    const ssize_t sent = ::send(to, buffer.data() + at, static_cast<std::size_t>(n - at), MSG_NOSIGNAL);
    if (sent < 0) return false;
    at += sent;
  }
  return n != 0;
}

}  // namespace

Relay::Relay(std::uint16_t daemon_port) : daemon_port_(daemon_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in a = loopback(0);
  socklen_t size = sizeof a;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&a), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
    throw BenchError("no socket for a relay");
  port_ = ntohs(a.sin_port);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

void Relay::shut() {
  open_ = false;
  // Two more rounds: in the one that is going on a connection may still be made.
  for (const std::uint64_t round = rounds_; connected_ || rounds_ < round + 2;) ::poll(nullptr, 0, 1);
}

void Relay::run() {
  for (; !stop_; ++rounds_) {
    if (!open_ && !pairs_.empty()) drop_all();
    connected_ = !pairs_.empty();
    std::vector<pollfd> fds{{listener_, POLLIN, 0}};
    for (const Pair& p : pairs_) fds.push_back({p.application, POLLIN, 0}), fds.push_back({p.daemon, POLLIN, 0});
    if (::poll(fds.data(), fds.size(), 2) <= 0) continue;
    for (std::size_t i = pairs_.size(); i-- != 0;) {
      const bool up = fds[1 + 2 * i].revents == 0 || pass(pairs_[i].application, pairs_[i].daemon);
      const bool down = fds[2 + 2 * i].revents == 0 || pass(pairs_[i].daemon, pairs_[i].application);
      if (up && down) continue;
      ::close(pairs_[i].application), ::close(pairs_[i].daemon);
      pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (fds[0].revents != 0) accept_one();
  }
  drop_all();
}

void Relay::accept_one() {
  const int application = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (application < 0) return;
  const int daemon = open_ ? connect_loopback(daemon_port_) : -1;
  if (daemon < 0) {
    ++turned_away_;
    ::close(application);
    return;
  }
  const int on = 1;
  for (const int fd : {application, daemon}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  pairs_.push_back({application, daemon});
  connected_ = true;
}

void Relay::drop_all() {
  for (const Pair& p : pairs_) ::close(p.application), ::close(p.daemon);
  pairs_.clear();
}

}  // namespace dlt::bench
