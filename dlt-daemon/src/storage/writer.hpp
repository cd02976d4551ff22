// Stores messages in files, on a thread of its own.
//
//   io thread --push--> queue --> Segment --> Compressor --> FileSeries
//
//   writing --- a file cannot be written, no memory ---> suspended --- a retry succeeds ---> writing
//
// While suspended nothing is thrown away here: the segment in hand waits, the queue fills, and whoever pushes decides
// (StorageSink drops and counts). Retries back off from `retry_first` to `retry_longest`.
// Owns thread and files. push(), status(), queued_bytes() and settled() from any thread; stop() once, from the owner's.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "storage/compressor.hpp"
#include "storage/file_series.hpp"
#include "storage/segment.hpp"
#include "storage/storage_status.hpp"
#include "storage/sync_mode.hpp"

namespace dlt::daemon {

class Writer {
 public:
  struct Options {
    FileSeries::Options files;
    EcuId ecu{"ECU1"};
    SyncMode sync = SyncMode::none;
    std::chrono::milliseconds flush{250};  // a message is in the file after this time at the latest
    std::chrono::milliseconds retry_first{100};
    std::chrono::milliseconds retry_longest{2000};
  };

  // Starts the thread. A directory that cannot be used is a reason to be suspended, not to fail.
  explicit Writer(Options options);
  ~Writer();

  // False: there is no memory for its place in the queue; nothing has changed then.
  [[nodiscard]] bool push(const FrameSpan& span) noexcept;
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_.load(std::memory_order_relaxed); }
  // `routed` of the last span of which all is in a file (as far as the kernel's memory), or was given up.
  [[nodiscard]] std::uint64_t settled() const noexcept { return settled_.load(std::memory_order_relaxed); }
  [[nodiscard]] StorageStatus status() const;
  // Writes what is queued and ends the thread. What cannot be written after one more try counts as dropped.
  void stop();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  bool wait();
  void store();
  void flush();
  std::optional<std::size_t> write(bool sync);
  [[nodiscard]] std::optional<proto::Bytes> packed() noexcept;
  void sync();
  void suspend(const std::string& problem);
  void written();
  bool pause(std::chrono::milliseconds time);

  const Options options_;

  std::atomic<std::size_t> queued_bytes_{0};  // both threads write; a figure, nothing is published by it
  std::atomic<std::uint64_t> settled_{0};     // the storage thread writes; likewise

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<FrameSpan> queue_;
  bool idle_ = false;  // whatever is pushed wakes the thread
  bool stopping_ = false;
  StorageStatus status_;

  // The storage thread's own.
  std::deque<FrameSpan> taken_;  // a member: the first thing that it does needs no memory
  Segment segment_;
  std::uint64_t in_hand_ = 0;     // `routed` of the last span of which all is in the segment or behind it
  std::optional<Time> flush_at_;  // set while the segment has something
  std::optional<Time> sync_at_;   // set while a file has something that the disk has not confirmed
  Compressor compressor_;
  FileSeries files_;

  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace dlt::daemon
