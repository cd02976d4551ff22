// An application that logs until something happens to it or to the daemon (apps/witness.cpp), and a client that reads
// along. The test's main thread, but for Reader's own.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "faults/witness.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"

namespace dlt::test {

inline const Daemon::Settings patient{{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}};
inline const std::map<std::string, std::string> blocking{{"DLT_USER_OVERFLOW_MODE", "2"},
                                                         {"DLT_USER_TIMEOUT_MS", "600000"}};

// How often each number of a thread came, over several readers one after the other.
using Arrivals = std::map<std::uint32_t, std::vector<std::uint8_t>>;

// Reads a client's messages on a thread of its own. By application and thread: how many came, and what was wrong.
class Reader {
 public:
  struct Line {
    std::uint64_t count = 0;
    std::uint64_t wrong = 0;     // not the next number
    std::uint64_t disorder = 0;  // not a higher number
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  // `arrivals`, of one application, may be looked at when the reader is gone.
  explicit Reader(std::uint16_t port, Arrivals* arrivals = nullptr)
      : client_(port), arrivals_(arrivals), thread_([this] { read(); }) {}
  ~Reader() {
    stop_ = true;
    thread_.join();
  }
  [[nodiscard]] Line line(const std::string& app, std::uint32_t thread) {
    const std::lock_guard lock(mutex_);
    return lines_[{app, thread}];
  }
  [[nodiscard]] std::uint64_t count(const std::string& app) {
    const std::lock_guard lock(mutex_);
    return counts_[app];
  }
  [[nodiscard]] std::uint64_t rubbish() const { return rubbish_; }
  // The daemon is gone, and all that it had sent has been read.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  void read() {
    while (!stop_) {
      // A round of messages under one lock.
      std::vector<std::pair<std::string, Numbered>> some;
      (void)client_.read_until(
          [&](const ReceivedFrame& f) {
            if (const auto n = numbered(f)) some.emplace_back(f.extended.app.text(), *n);
            return some.size() >= 1000;
          },
          std::chrono::milliseconds(20));
      const std::lock_guard lock(mutex_);
      for (const auto& [app, n] : some) {
        Line& line = lines_[{app, n.thread}];
        if (n.sequence != line.count) ++line.wrong;
        if (line.count != 0 && n.sequence <= line.last) ++line.disorder;
        if (line.count == 0) line.first = n.sequence;
        line.last = n.sequence;
        ++line.count;
        ++counts_[app];
        note(n);
      }
      rubbish_ = client_.rubbish();
      ended_ = client_.ended();
    }
  }
  void note(const Numbered& n) {
    if (arrivals_ == nullptr) return;
    auto& times = (*arrivals_)[n.thread];
    if (times.size() <= n.sequence) times.resize(n.sequence + 1);
    if (times[n.sequence] < 255) ++times[n.sequence];
  }
  Client client_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint32_t>, Line> lines_;
  std::map<std::string, std::uint64_t> counts_;
  std::atomic<std::uint64_t> rubbish_{0};
  std::atomic<bool> ended_{false};
  std::atomic<bool> stop_{false};
  Arrivals* arrivals_;
  std::thread thread_;
};

// One application, its witness, and how it is to end.
struct Victim {
  std::string app;
  std::string ending;
  std::uint32_t threads = 1;
  std::uint64_t after = 0;  // calls of the first thread
  long pause_us = 0;
};

inline Child start(const Daemon& daemon, const TempDir& dir, const Victim& v,
                   std::map<std::string, std::string> environment) {
  environment["DLT_DAEMON_ADDRESS"] = daemon.address();
  return Child({.command = {std::string(DLT_FAULT_APPS) + "/witness", dir / v.app, v.app, std::to_string(v.threads),
                            v.ending, std::to_string(v.after), std::to_string(v.pause_us)},
                .environment = environment});
}

// Of its threads from 0 on: calls that have returned.
inline std::uint64_t calls(const Witness& witness, std::uint32_t threads) {
  std::uint64_t all = 0;
  for (std::uint32_t t = 0; t < threads; ++t) all += witness.accepted(t) + witness.refused(t);
  return all;
}

}  // namespace dlt::test
