// The thread that writes snapshots: one after the other, from a bounded queue.
//
// push(), waiting(): any thread; stop(): from the owner's. `done` is called on this thread and does not throw.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "snapshot/snapshot_file.hpp"

namespace dlt::daemon {

class SnapshotWriter {
 public:
  using Done = std::function<void(const SnapshotResult&)>;
  static constexpr std::size_t most_waiting = 256;
  static constexpr std::chrono::milliseconds end_limit{1000};

  explicit SnapshotWriter(SnapshotFiles::Options options);
  ~SnapshotWriter();

  // False: as many wait as may, or the thread ends; `done` is not called then.
  [[nodiscard]] bool push(SnapshotJob job, Done done);
  [[nodiscard]] std::size_t waiting() const;
  // Writes what waits, for `end_limit` at most; the rest fails, and says so.
  void stop();

 private:
  void run();

  SnapshotFiles files_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<SnapshotJob, Done>> queue_;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point stop_at_{};
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace dlt::daemon
