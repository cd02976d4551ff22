// A background thread that empties the queues of some buffers into the uplink.
//
//   round:  maintain the connection (first sender) → write one batch → wait as long as it makes sense
//
//   what the round found                        then
//   enough for another batch                    at once again
//   little or nothing                           nap (200 µs, doubled while nothing comes; an urgent message ends it)
//   nothing for 20 ms                           park until a message, the daemon or the session rings: no wake-ups
//   the socket, or the FIFO, is full            until it is writable, a second at most, for the clock's sake
//   no daemon                                   until the next try is due; log calls do not ring meanwhile
//
// start/stop: the session. The rest is private to the thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "batch.hpp"
#include "clock.hpp"
#include "doorbell.hpp"
#include "queue_set.hpp"
#include "uplink.hpp"

namespace dlt::detail {

// What the senders of a session share with it.
struct SenderShared {
  const QueueSet& queues;
  Uplink& uplink;
  ClockCalibration& clock;  // whoever has the uplink's turn
  std::uint32_t senders = 1;
  std::uint32_t batch_size = 256;
  std::chrono::microseconds nap{200};
  std::function<void(Link::Clock::time_point)> housekeeping;  // first sender: registrations, reports, snapshots
  std::function<bool()> has_news;                             // first sender: something to register
  std::function<bool()> report;                               // first sender, before it parks: true if there was any
  std::function<Link::Clock::time_point()> alarm;             // first sender: it does not park for longer; empty: never
  std::atomic<bool> stop{false};                              // sync: stop, released by the session
  std::atomic<std::int64_t> stop_deadline{0};                 // steady_clock ticks
  std::atomic<std::uint32_t> parked{0};                       // senders; when all are, the clock rests
  std::atomic<std::uint32_t> others_running{0};               // senders other than the first
  std::atomic<std::uint32_t> flush_waiters{0};                // sync: flush (seq_cst)
  std::atomic<std::uint32_t> rounds{0};                       // the word that flush waits on
};

// The calling thread is a sender: it runs a callback of the application.
[[nodiscard]] bool on_sender_thread() noexcept;
void forget_sender_thread() noexcept;  // in a forked child

class Sender {
 public:
  static constexpr std::chrono::milliseconds park_after{20};
  static constexpr std::chrono::milliseconds longest_nap{5};
  static constexpr std::chrono::seconds longest_block{1};

  Sender(std::uint32_t index, Doorbell& doorbell, SenderShared& shared)
      : index_(index), shared_(shared), doorbell_(doorbell) {
    ranges_.reserve(Batch::max_ranges + 1);  // a claimed range always has a place
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  std::error_code start() noexcept;
  void join() noexcept;

 private:
  using Clock = Link::Clock;
  struct Round {
    Uplink::Flow flow = Uplink::Flow::away;
    std::uint32_t frames = 0;
    bool awaits_confirmation = false;  // a queue sends nothing before the daemon has confirmed something
    bool reported = false;             // the books were sent, and must be flushed before a park
    // As they were at the end of the round, while it was this sender's turn.
    Connection::Descriptors fds;
    bool wants_to_write = false;
    Clock::time_point next{};
  };

  void run() noexcept;
  [[nodiscard]] Round one_round() noexcept;
  // In this sender's turn.
  void send(Round& round);
  [[nodiscard]] Round without_memory() noexcept;
  void collect();
  void refresh_queues();
  void after_write() noexcept;
  [[nodiscard]] bool finished(const Round& round) const noexcept;
  void wait(const Round& round);
  void nap(Connection::Descriptors fds);
  void park(Connection::Descriptors fds);
  void let_clock_rest() noexcept;
  void sleep_on(Connection::Descriptors at, bool writable, Clock::time_point until);
  [[nodiscard]] bool work_left() const noexcept;

  const std::uint32_t index_;
  SenderShared& shared_;
  Doorbell& doorbell_;
  std::thread thread_;
  std::vector<ThreadQueue*> queues_;  // mine, urgent buffers first
  std::size_t known_queues_ = 0;
  std::size_t turn_ = 0;  // which of the ordinary queues goes first
  std::vector<Range> ranges_;
  Batch batch_;
  std::chrono::microseconds nap_{0};
  Clock::time_point last_traffic_{};
};

}  // namespace dlt::detail
