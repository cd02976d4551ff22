// Stores messages in files, on a thread of its own.
//
//   io thread --push--> queue --> Segment --> Compressor --> LogFile       rotation by size, Retention deletes
//
//   writing --- a file cannot be written ---> suspended --- a retry succeeds ---> writing
//
// While suspended nothing is thrown away here: the segment in hand waits, the queue fills, and whoever pushes decides
// (StorageSink drops and counts). Retries back off from `retry_first` to `retry_longest`.
// Owns thread and file. push(), status() and queued_bytes() from any thread; stop() once, from the owner's.
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
#include "storage/log_file.hpp"
#include "storage/retention.hpp"
#include "storage/segment.hpp"
#include "storage/storage_status.hpp"

namespace dlt::daemon {

class Writer {
 public:
  struct Options {
    std::string directory;
    EcuId ecu{"ECU1"};
    bool compression = true;
    std::uint64_t file_size = 16 << 20;  // bytes
    Retention::Limits keep{1 << 30, 1000};
    std::chrono::milliseconds flush{250};  // a message is in the file after this time at the latest
    std::chrono::milliseconds retry_first{100};
    std::chrono::milliseconds retry_longest{2000};
    LogFile::Write write = nullptr;  // nullptr: ::write
  };

  // Starts the thread. A directory that cannot be used is a reason to be suspended, not to fail.
  explicit Writer(Options options);
  ~Writer();

  void push(const FrameSpan& span);
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] StorageStatus status() const;
  // Writes what is queued and ends the thread. What cannot be written after one more try counts as dropped.
  void stop();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  bool wait(std::deque<FrameSpan>& spans);
  void store(std::deque<FrameSpan>& spans);
  void flush();
  bool write(proto::Bytes bytes);
  std::error_code try_write(proto::Bytes bytes);
  std::error_code begin_file();
  void scan();
  void suspend(std::error_code error);
  void written();
  bool pause(std::chrono::milliseconds time);

  const Options options_;

  std::atomic<std::size_t> queued_bytes_{0};  // both threads write; a figure, nothing is published by it

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<FrameSpan> queue_;
  bool idle_ = false;  // the thread waits without a deadline
  bool stopping_ = false;
  StorageStatus status_;

  // The storage thread's own.
  Segment segment_;
  std::optional<Time> flush_at_;  // set while the segment has something
  Compressor compressor_;
  Retention retention_;
  std::optional<LogFile> file_;
  std::string path_;
  bool scanned_ = false;

  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace dlt::daemon
