// Stands between an application and its daemon, and cuts their connections: after so many bytes the application finds a
// reset. What it had sent beyond them is lost on its way. The daemon finds a reset as well, or nothing at all: to it
// the connection stays open. Answers may be lost, too.
//
// A thread of its own that has one connection at a time; the rest from the test's thread.
#pragma once

#include <poll.h>

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <random>
#include <thread>

#include "faults/raw_peer.hpp"
#include "support/loopback.hpp"

namespace dlt::test {

class CuttingRelay {
 public:
  // To the daemon at `socket`. After `cuts` cuts everything goes through.
  CuttingRelay(std::string socket, unsigned cuts, std::uint32_t seed)
      : socket_(std::move(socket)), cuts_left_(cuts), random_(seed) {
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

  [[nodiscard]] std::string address() const { return "tcp:127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] unsigned cuts_left() const { return cuts_left_; }

 private:
  struct Fate {
    std::size_t bytes = ~std::size_t{0};  // of the application's that go through
    bool deaf = false;                    // of the daemon's only the first word does
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
      const int application = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (application < 0) continue;
      try {
        carry(application);
      } catch (const std::runtime_error&) {  // the daemon is not there: neither is this
      }
      const linger reset{1, 0};
      setsockopt(application, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::close(application);
    }
  }
  // Until the connection's fate, or until one of the two has had enough.
  void carry(int application) {
    const Fate fate = next_fate();
    RawPeer daemon = RawPeer::to_unix(socket_);
    std::size_t passed = 0;
    bool heard = false;
    while (!end_ && passed < fate.bytes) {
      std::array<pollfd, 2> waits{{{application, POLLIN, 0}, {daemon.fd(), POLLIN, 0}}};
      (void)poll(waits.data(), waits.size(), 2);
      if (waits[1].revents != 0) {
        const std::string answer = daemon.receive();
        if (answer.empty()) return;
        if (!fate.deaf || !std::exchange(heard, true))
          (void)::send(application, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      if (waits[0].revents == 0) continue;
      std::string bytes(std::min<std::size_t>(fate.bytes - passed, 64 * 1024), '\0');
      const auto n = recv(application, bytes.data(), bytes.size(), 0);
      if (n <= 0) return;
      if (!daemon.send(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)))) return;
      passed += static_cast<std::size_t>(n);
    }
    if (end_) return;
    --cuts_left_;
    if (fate.half_open) left_open_.push_back(std::move(daemon));
    if (left_open_.size() > 3) left_open_.pop_front();
  }

  const std::string socket_;
  const int listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  std::atomic<bool> end_ = false;
  std::atomic<unsigned> cuts_left_;
  std::mt19937 random_;
  std::deque<RawPeer> left_open_;
  std::thread thread_;
};

}  // namespace dlt::test
