// The session behind dlt::Session: owns arena, queues, senders and the uplink, and answers the daemon.
//
// One per process (a forked child makes its own at its first message). It is never destroyed: threads may hold writers
// that point into it. After end() it can be started again; the shape of the queues (number of buffers and senders,
// arena, longest message) is that of the first start.
//
// start and end: any thread, one at a time (`lifecycle_`). flush, stats: any thread; they hold no lock while they wait,
// so an end is not held up by a flush, and callbacks may ask for statistics while the session ends. home_for: log
// calls. A callback (on a sender's thread) may end the session too: then the senders stop by themselves, and whoever
// ends or starts next does the rest.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "arena.hpp"
#include "buffer.hpp"
#include "clock.hpp"
#include "context_table.hpp"
#include "doorbell.hpp"
#include "environment.hpp"
#include "queue_set.hpp"
#include "recorder.hpp"
#include "reports.hpp"
#include "sender.hpp"
#include "snapshot_desk.hpp"
#include "snapshot_signal.hpp"
#include "uplink.hpp"

namespace dlt::detail {

class Core final : public UplinkOwner {
 public:
  Core() = default;

  // The process's core; nullptr before the first start and in a forked child that has not logged yet.
  [[nodiscard]] static Core* get() noexcept;
  [[nodiscard]] static std::error_code start_process(const Options& options);
  // In a forked child: starts a session like the parent's. nullptr: there was none, or it cannot be had.
  [[nodiscard]] static Core* revive() noexcept;
  // A log call for which revive() had no core: counted by the core that comes.
  static void count_early() noexcept;

  void end() noexcept;
  bool flush(std::chrono::milliseconds limit) noexcept;
  [[nodiscard]] Stats stats() const;
  std::error_code set_overflow(std::uint32_t buffer, OverflowMode mode,
                               const std::chrono::milliseconds* timeout) noexcept;
  void set_local_print(LocalPrint mode) noexcept;
  void on_new_context() noexcept { doorbells_[0].ring_always(); }
  [[nodiscard]] Snapshot snapshot(std::string_view reason, std::chrono::milliseconds limit);
  void snapshot_from_handler() noexcept {
    desk_.ask_from_handler();
    doorbells_[0].ring_always();
  }

  // ── log calls ──
  // A queue for the calling thread; nullptr: none can be had, counted.
  [[nodiscard]] ThreadQueue* home_for(std::uint32_t buffer) noexcept;
  // Which buffer takes this level on a thread that uses `ordinary` for what is not urgent.
  [[nodiscard]] std::uint32_t buffer_of(Level level, std::uint32_t ordinary) const noexcept;
  [[nodiscard]] std::uint32_t next_ordinary() noexcept;  // spreads threads over the ordinary buffers
  void count_homeless_nested() noexcept { homeless_->nested.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t buffer_count() const noexcept { return buffer_count_; }
  [[nodiscard]] bool prints_now() const noexcept;
  // Log calls have to do with the flight recorder.
  [[nodiscard]] bool records() const noexcept { return records_.load(std::memory_order_relaxed); }
  [[nodiscard]] Recorder& recorder() noexcept { return recorder_; }

 private:
  [[nodiscard]] static Core* make_again() noexcept;
  void count_those_before() noexcept;
  std::error_code open(const Options& options);
  std::error_code run();
  std::error_code start_senders();
  void stop_senders() noexcept;
  void finish() noexcept;            // after stop_senders, not on a sender's thread; lifecycle_ held
  void abandon_in_child() noexcept;  // this core is the parent's
  static void after_fork_in_child() noexcept;
  static void prepare_process();
  // Also for a limit that would lead beyond the end of time.
  [[nodiscard]] static Link::Clock::time_point now_and(std::chrono::milliseconds limit) noexcept {
    return Link::Clock::now() + std::clamp<std::chrono::milliseconds>(limit, {}, std::chrono::hours(24 * 365));
  }
  void on_ready(const proto::local::Hello& daemon) override;
  void on_late_hello(const proto::local::Hello& daemon) override;
  void on_message(const proto::local::Message& message) override;
  void on_broken(Told told) noexcept override;
  void on_too_long(std::uint32_t buffer, const Oversized& those) noexcept override;
  void on_resolved() noexcept override { doorbells_[0].ring_always(); }
  void apply(const proto::local::LogLevel& m);
  void apply(const proto::local::Injection& m);
  void apply(const proto::local::SetOverflowMode& m);
  void open_recorder(Options& options) noexcept;
  void set_recording(bool on) noexcept;
  void open_desk();
  void close_desk() noexcept;
  void serve_snapshots(Link::Clock::time_point now);
  void housekeeping(Link::Clock::time_point now);
  void note(Told told) noexcept;
  [[nodiscard]] bool report();  // tells the daemon the books; false: there was nothing new
  void synchronise_contexts();
  void announce(ContextEntry& entry);
  void farewell();
  [[nodiscard]] Stats stats_unlocked() const;
  [[nodiscard]] std::array<Oversized, Options::max_buffers> too_long_now() const noexcept;
  [[nodiscard]] bool all_empty() const noexcept;
  [[nodiscard]] ContextEntry* context_at(std::int32_t position) noexcept;

  // Of the first start; fixed before the core is published.
  std::uint32_t buffer_count_ = 0;
  std::uint32_t sender_count_ = 0;
  std::uint32_t max_message_ = 0;
  std::uint64_t instance_ = 0;
  Arena arena_;
  Recorder recorder_;
  std::atomic<bool> records_{false};  // of the session; written by its start and end
  std::array<BufferState, Options::max_buffers> buffers_;
  QueueSet queues_{arena_, buffers_};
  std::array<Doorbell, Options::max_buffers> doorbells_;  // one a sender
  std::atomic<std::uint32_t> threads_{0};
  Books* homeless_ = nullptr;  // of messages for which there was no queue; set before the first log call
  std::atomic<LocalPrint> print_{LocalPrint::off};
  // What queues count as delivered and was too long for the way to the daemon; written by whoever has the uplink.
  struct TooLong {
    Counter frames{0};
    Counter bytes{0};
  };
  std::array<TooLong, Options::max_buffers> too_long_;

  std::mutex lifecycle_;     // start, end
  Environment environment_;  // while no sender runs, else read only
  std::vector<std::unique_ptr<Sender>> senders_;
  std::atomic<bool> running_{false};  // written under lifecycle_. sync: flush (seq_cst)

  mutable std::mutex mutex_;  // these two pointers, for a moment; taken inside lifecycle_
  std::unique_ptr<Uplink> uplink_;
  std::shared_ptr<SenderShared> shared_;

  SnapshotDesk desk_;
  SnapshotSignal signal_;  // under lifecycle_

  // the first sender
  ClockCalibration clock_;
  Reports reports_;
  std::int32_t last_daemon_ = 0;  // process id; 0: none has named itself
  std::vector<ContextEntry*> by_position_;
  std::atomic<std::uint32_t> seen_changes_{0};
};

}  // namespace dlt::detail
