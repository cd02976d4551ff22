// A client of the daemon on a thread of its own, for whoever wants to know soon what has arrived: reads everything and
// keeps the ledger of one run. The counts may be asked by any thread; send() and the rest belong to the maker.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "harness/stream_reader.hpp"

namespace dlt::bench {

class Arrivals {
 public:
  static constexpr std::size_t watched = 64;  // producers of which next() knows

  // Connects and waits for the daemon's greeting. Throws BenchError when nobody answers.
  Arrivals(std::uint16_t port, const std::string& run, std::size_t producers, unsigned payload);
  ~Arrivals();
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_.load(std::memory_order_acquire); }
  // After the highest sequence number that has come.
  [[nodiscard]] std::uint64_t next(std::size_t producer) const noexcept {
    return next_[producer].load(std::memory_order_acquire);
  }
  void send(proto::Bytes request) const;
  // Waits until so many have come; false when nothing new came for `silence_s`.
  bool await(std::uint64_t count, double silence_s) const;
  // Ends the thread; what was wrong with what came.
  [[nodiscard]] std::vector<std::string> faults();
  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }  // after faults()

 private:
  void run();
  void stop();

  int fd_;
  Texts texts_;
  Ledger ledger_;
  StreamReader reader_;
  std::atomic<bool> greeted_{false}, stop_{false};
  std::atomic<std::uint64_t> delivered_{0};
  std::array<std::atomic<std::uint64_t>, watched> next_{};
  std::thread thread_;
};

}  // namespace dlt::bench
