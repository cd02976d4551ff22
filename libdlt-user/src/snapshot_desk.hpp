// Requests for snapshots on their way to the daemon, and its answers on their way back to who waits for them.
//
//   ask(), ask_from_handler(), the interval ---> fresh --- serve() ---> asked --- answered() ---> done
//                                                  ^------ on_broken() ---+
//
// ask() and ask_from_handler(): any thread, the latter also in signal handlers; serve, answered, on_broken: the first
// sender; close: whoever ends the session. Nobody who logs comes here.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "dlt/proto/local.hpp"
#include "dlt/session.hpp"

namespace dlt::detail {

class SnapshotDesk {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t most_waiting = 16;

  // Waits for the answer; `ring` wakes the first sender.
  [[nodiscard]] Snapshot ask(std::string_view reason, Clock::time_point deadline, const std::function<void()>& ring);
  void ask_from_handler() noexcept { signalled_.store(true, std::memory_order_release); }  // sync: signalled

  // A session begins; 0 s: no interval.
  void open(std::chrono::seconds interval, Clock::time_point now);
  // Who waits is told why, and the next ones, too.
  void close(std::string_view why);

  // The first sender has something to do here.
  [[nodiscard]] bool has_news() const noexcept {
    return signalled_.load(std::memory_order_acquire) || fresh_.load(std::memory_order_acquire);  // sync: signalled
  }
  [[nodiscard]] Clock::time_point alarm() const noexcept { return next_; }  // of the interval
  // Sends what is new. `refusal`: why no daemon can be asked, empty if it can be.
  void serve(Clock::time_point now, std::string_view refusal,
             const std::function<void(const proto::local::SnapshotRequest&)>& post);
  void answered(const proto::local::SnapshotAnswer& answer);
  void on_broken() noexcept;

 private:
  enum class State : std::uint8_t { fresh, asked, done };
  struct Entry {
    std::string reason;
    State state = State::fresh;
    bool waited_for = false;
    Snapshot result{};
  };
  void add(std::string_view reason);
  void finish(Entry& entry, Snapshot result);

  std::atomic<bool> signalled_{false};
  std::atomic<bool> fresh_{false};
  std::chrono::seconds interval_{0};                   // first sender, and open()
  Clock::time_point next_ = Clock::time_point::max();  // likewise

  std::mutex mutex_;  // guards what follows
  std::condition_variable done_;
  std::map<std::uint32_t, Entry> entries_;
  std::uint32_t last_id_ = 0;
  std::string closed_{"the session has not started"};
};

}  // namespace dlt::detail
