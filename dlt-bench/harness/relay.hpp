// A door between an application and its daemon (TCP on loopback): passes bytes both ways while it is open. When it is
// shut every connection ends, and each new one as soon as it was made: what an application sees while its daemon comes
// and goes. Its functions may be called by any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace dlt::bench {

class Relay {
 public:
  explicit Relay(std::uint16_t daemon_port);  // open; throws BenchError
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::string address() const { return "tcp:127.0.0.1:" + std::to_string(port_); }
  void open() noexcept { open_ = true; }
  void shut();  // returns when no connection is left
  [[nodiscard]] std::uint64_t turned_away() const noexcept { return turned_away_; }

 private:
  struct Pair {
    int application = -1, daemon = -1;
  };
  void run();
  void accept_one();
  void drop_all();

  const std::uint16_t daemon_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::vector<Pair> pairs_;  // the relay's thread
  std::atomic<bool> open_{true}, stop_{false}, connected_{false};
  std::atomic<std::uint64_t> rounds_{0}, turned_away_{0};
  std::thread thread_;
};

}  // namespace dlt::bench
