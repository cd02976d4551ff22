// Stands between a gateway and a node, and breaks their connection as a bad link does: what is under way is lost, both
// ends find a reset. One connection at a time; a thread of its own. freeze() and cut() from the test's thread.
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "dlt-daemon/support/fake_node.hpp"

namespace dlt::test {

class BreakingRelay {
 public:
  // To the node that listens at `port` of this machine.
  explicit BreakingRelay(std::uint16_t port) : node_port_(port) {
    listening_.listen();
    thread_ = std::thread([this] { run(); });
  }
  ~BreakingRelay() {
    end_ = true;
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return listening_.port(); }

  // From now on nothing of the node's is passed on: it stays under way.
  void freeze() { frozen_ = true; }
  // At least so much of it is under way here. False: that did not come about.
  [[nodiscard]] bool holds(int bytes) const {
    return eventually([&] { return under_way_ >= bytes; });
  }
  // The present connection breaks, or the next one.
  void cut() { cut_at_ = passed_.load(); }
  // All goes on, and the connection breaks as soon as so many more bytes of the node's have been passed on.
  void cut_after(std::uint64_t bytes) {
    cut_at_ = passed_ + bytes;
    frozen_ = false;
  }
  [[nodiscard]] bool has_cut() const {
    return eventually([&] { return cut_at_ == never; });
  }
  [[nodiscard]] unsigned connections() const { return connections_; }

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  void run() {
    while (!end_) {
      pollfd waits{listening_.fd(), POLLIN, 0};
      if (::poll(&waits, 1, 2) != 1) continue;
      Peer gateway = listening_.accept_unread();
      Peer node = Peer::to_tcp(node_port_);
      for (const int fd : {gateway.fd(), node.fd()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
      ++connections_;
      while (!end_ && step(gateway, node)) {
      }
      const linger reset{1, 0};
      for (const int fd : {gateway.fd(), node.fd()}) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      unsent_.clear();
      under_way_ = 0;
    }
  }
  // False: the connection is to end.
  bool step(Peer& gateway, Peer& node) {
    if (passed_ >= cut_at_) {
      cut_at_ = never;
      return false;
    }
    std::array<pollfd, 2> waits{{{gateway.fd(), POLLIN, 0}, {node.fd(), POLLIN, 0}}};
    (void)::poll(waits.data(), frozen_ ? 1 : 2, 2);
    int unread = 0;
    ::ioctl(node.fd(), FIONREAD, &unread);
    under_way_ = unread;
    return pass_back(gateway, node) && pass_on(gateway, node);
  }
  bool pass_back(Peer& gateway, Peer& node) {
    std::array<char, 4096> bytes;
    const auto n = ::recv(gateway.fd(), bytes.data(), bytes.size(), 0);
    if (n < 0) return errno == EAGAIN;
    return n > 0 && ::send(node.fd(), bytes.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
  }
  bool pass_on(Peer& gateway, Peer& node) {
    if (frozen_) return true;
    if (unsent_.empty()) {
      unsent_.resize(std::min<std::uint64_t>(4096, cut_at_ - passed_));
      const auto n = unsent_.empty() ? -1 : ::recv(node.fd(), unsent_.data(), unsent_.size(), 0);
      const bool nothing = n < 0 && (unsent_.empty() || errno == EAGAIN);
      unsent_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
      if (n <= 0) return nothing;
    }
    const auto n = ::send(gateway.fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    passed_ += static_cast<std::uint64_t>(n);
    unsent_.erase(0, static_cast<std::size_t>(n));
    return true;
  }

  FakeNode listening_;
  const std::uint16_t node_port_;
  std::atomic<bool> end_ = false, frozen_ = false;
  std::atomic<std::uint64_t> passed_ = 0, cut_at_ = never;
  std::atomic<int> under_way_ = 0;
  std::atomic<unsigned> connections_ = 0;
  std::string unsent_;
  std::thread thread_;
};

}  // namespace dlt::test
