// Stands between two that talk by a connection, an application and its daemon or a gateway and its node, and cuts it:
// after so many bytes of the one that talks, the one that has connected finds a reset. What comes behind those bytes is
// lost on its way. The other finds its connection closed, or nothing at all: to it the connection stays open. Answers
// may be lost, too.
//
// A thread of its own that has one connection at a time; the rest from the test's thread.
#pragma once

#include <poll.h>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "faults/raw_peer.hpp"
#include "support/loopback.hpp"

namespace dlt::test {

class CuttingRelay {
 public:
  enum class Talks { who_connects, who_listens };

  // `listens`: connects to that one. It cuts when it is told to.
  CuttingRelay(std::function<RawPeer()> listens, Talks talks, std::uint32_t seed)
      : connect_(std::move(listens)), talks_(talks), random_(seed) {
    auto where = loopback(0);
    socklen_t size = sizeof where;
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    if (listening_ < 0 || bind(listening_, address, size) != 0 || listen(listening_, 16) != 0 ||
        getsockname(listening_, address, &size) != 0)
      throw std::runtime_error("no port to listen at");
    port_ = ntohs(where.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~CuttingRelay() {
    end_ = true;
    thread_.join();
    ::close(listening_);
  }
  CuttingRelay(const CuttingRelay&) = delete;
  CuttingRelay& operator=(const CuttingRelay&) = delete;

  // So many times from now on; then everything goes through.
  void cut(unsigned times) {
    cuts_left_ = times;
    begins_ = true;
  }
  [[nodiscard]] unsigned cuts_left() const { return cuts_left_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "tcp:127.0.0.1:" + std::to_string(port_); }

 private:
  struct Fate {
    std::size_t bytes = ~std::size_t{0};  // of the one that talks that go through
    bool deaf = false;                    // of the other's only the first word does
    bool half_open = false;
  };
  Fate next_fate() {
    if (cuts_left_ == 0) return {};
    constexpr std::array<std::size_t, 4> most{300, 3'000, 3'000, 30'000};
    Fate fate;
    fate.bytes = random_() % most[random_() % most.size()];
    fate.deaf = random_() % 3 == 0;
    fate.half_open = random_() % 2 == 0;
    return fate;
  }

  void run() {
    while (!end_) {
      pollfd waits{listening_, POLLIN, 0};
      if (poll(&waits, 1, 2) != 1) continue;
      const int connected = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connected < 0) continue;
      try {
        carry(connected);
      } catch (const std::runtime_error&) {  // nobody listens there: neither does this
      }
      const linger reset{1, 0};
      setsockopt(connected, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::close(connected);
    }
  }
  // Until the connection's fate, or until one of the two has had enough.
  void carry(int connected) {
    Fate fate = next_fate();
    RawPeer listening = connect_();
    const bool from_connected = talks_ == Talks::who_connects;
    const int talker = from_connected ? connected : listening.fd(), other = from_connected ? listening.fd() : connected;
    std::size_t passed = 0;
    bool heard = false;
    while (!end_ && passed < fate.bytes) {
      if (begins_.exchange(false)) fate = next_fate();
      std::array<pollfd, 2> waits{{{talker, POLLIN, 0}, {other, POLLIN, 0}}};
      (void)poll(waits.data(), waits.size(), 2);
      if (waits[1].revents != 0 && !pass(other, talker, most_at_once, fate.deaf && std::exchange(heard, true))) return;
      if (waits[0].revents == 0) continue;
      const auto n = pass(talker, other, std::min(fate.bytes - passed, most_at_once), false);
      if (!n) return;
      passed += *n;
    }
    if (end_) return;
    --cuts_left_;
    if (fate.half_open) left_open_.push_back(std::move(listening));
    if (left_open_.size() > 3) left_open_.pop_front();
  }
  // Nothing: there is no more, or nobody takes it.
  static std::optional<std::size_t> pass(int from, int to, std::size_t most, bool lost) {
    std::string bytes(most, '\0');
    const auto n = recv(from, bytes.data(), bytes.size(), 0);
    if (n <= 0) return std::nullopt;
    for (std::string_view rest(bytes.data(), static_cast<std::size_t>(n)); !rest.empty() && !lost;) {
      const auto sent = ::send(to, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return std::nullopt;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return static_cast<std::size_t>(n);
  }

  static constexpr std::size_t most_at_once = 64 * 1024;

  const std::function<RawPeer()> connect_;
  const Talks talks_;
  const int listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::atomic<bool> end_ = false;
  std::atomic<bool> begins_ = false;
  std::atomic<unsigned> cuts_left_ = 0;
  std::mt19937 random_;
  std::deque<RawPeer> left_open_;
  std::thread thread_;
};

}  // namespace dlt::test
