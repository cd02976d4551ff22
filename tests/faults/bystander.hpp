// The one who must not be harmed: an application that sends numbered messages at a steady pace, and a client that
// receives them, while a test does its worst to the daemon. In the end each message has come once and in order.
//
// Two threads of its own; they only collect. finish() on the test's main thread.
#pragma once

#include <poll.h>

#include <atomic>
#include <thread>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/framer.hpp"
#include "faults/raw_peer.hpp"
#include "support/daemon.hpp"

namespace dlt::test {

class Bystander {
 public:
  struct Pace {
    std::uint32_t messages = 10;  // at a time
    std::chrono::milliseconds every{10};
    std::size_t extra = 40;  // bytes of payload beyond the number
  };
  struct Books {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t wrong = 0;                  // twice, or out of order
    std::chrono::milliseconds longest_gap{};  // between two arrivals
    [[nodiscard]] bool all_well() const { return sent > 0 && received == sent && wrong == 0; }
  };

  explicit Bystander(const Daemon& daemon, AppId id = "GOOD") : Bystander(daemon, id, Pace{}) {}
  Bystander(const Daemon& daemon, AppId id, Pace pace)
      : id_(id),
        pace_(pace),
        app_(RawPeer::to_unix(daemon.dir() / "app.sock")),
        client_(RawPeer::to_tcp(daemon.port())) {
    if (!app_.send(registration(id_))) throw std::runtime_error("the bystander cannot register");
    receiving_ = std::thread([this] { receive(); });
    sending_ = std::thread([this] { send(); });
  }
  ~Bystander() { static_cast<void>(finish()); }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  [[nodiscard]] std::uint64_t received() const { return received_.load(); }
  // True when so many more messages have arrived from now on.
  [[nodiscard]] bool goes_on(std::uint64_t more = 20) const {
    const auto before = received();
    return eventually([&] { return received() >= before + more; });
  }
  // Ends sending, waits for what is on its way.
  Books finish() {
    stop_ = true;
    if (sending_.joinable()) sending_.join();
    if (receiving_.joinable()) {
      static_cast<void>(eventually([this] { return received_.load() >= sent_.load(); }));
      ended_ = true;
      receiving_.join();
    }
    return {sent_, received_, wrong_, longest_gap_};
  }

 private:
  void send() {
    std::uint32_t next = 0;
    while (!stop_) {
      std::string bytes;
      for (std::uint32_t i = 0; i < pace_.messages; ++i) bytes += log(frame(next++, pace_.extra, id_));
      if (!app_.send(bytes)) return;
      sent_ = next;
      std::this_thread::sleep_for(pace_.every);
    }
  }
  void receive() {
    proto::Framer framer;
    std::uint32_t next = 0;
    auto last = std::chrono::steady_clock::now();
    while (!ended_) {
      pollfd readable{client_.fd(), POLLIN, 0};
      if (poll(&readable, 1, 20) != 1) continue;
      const auto bytes = client_.receive(256 * 1024);
      if (bytes.empty()) return;
      framer.feed(proto::as_bytes(bytes));
      while (const auto f = framer.next()) {
        if (!is_ours(f->bytes)) continue;
        const auto number = number_of(f->bytes);
        if (number < next) ++wrong_;
        next = number + 1;
        const auto now = std::chrono::steady_clock::now();
        longest_gap_ = std::max(longest_gap_, std::chrono::duration_cast<std::chrono::milliseconds>(now - last));
        last = now;
        ++received_;
      }
    }
  }
  [[nodiscard]] bool is_ours(proto::Bytes f) const {
    return f.size() > frame_headers && static_cast<std::uint8_t>(f[0]) == proto::htyp::log &&
           AppId::from_bytes(f.data() + frame_headers - 8) == id_;
  }

  const AppId id_;
  const Pace pace_;
  RawPeer app_;
  RawPeer client_;
  std::thread sending_;
  std::thread receiving_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> received_{0};
  std::uint64_t wrong_ = 0;                  // the receiving thread's until it is joined
  std::chrono::milliseconds longest_gap_{};  // likewise
};

}  // namespace dlt::test
