// One directory with a dlt_logstorage.conf, and the thread that writes into it.
//
//   io thread --push--> queue --> cache of each filter --when its behaviour says so--> FileSet
//
//   opening --conf read--> open --more than `most_errors` failures in a row--> failed
//      |                     |                                                   |
//      +--no conf--> over    +----------------- close() -------------------------+--> over
//
// A device that hangs holds up its own thread only. A write that fails is tried again after a pause; after more than
// `most_errors` in a row the device has failed: what it still has and gets is counted and thrown away, and whoever owns
// it is told. What a filter keeps in memory is written when the device is closed, whatever its behaviour is: who asks
// for that has not pulled the stick yet.
//
// Owns thread, files and caches, and a lock on the directory: nobody else writes into it meanwhile. Events are called
// on the device's thread and do not throw. Everything else from the io thread; the destructor waits for the thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "logstorage/cache_budget.hpp"
#include "logstorage/device_status.hpp"
#include "logstorage/file_set.hpp"
#include "logstorage/filter_file.hpp"

namespace dlt::daemon::logstorage {

class Device {
 public:
  struct Options {
    std::string path;
    Naming naming;
    FileCalls calls = kernel_calls();
    std::chrono::milliseconds retry_first{100};
    std::chrono::milliseconds retry_longest{1000};
  };
  struct Opened {
    std::string failure;  // there is no configuration; empty: the device is open
    FilterFile file;      // the filters that work, and what is wrong with others
  };
  struct Events {
    std::function<void(Opened)> opened;     // first of all, once
    std::function<void()> failed;           // at most once
    std::function<void(bool good)> closed;  // last, after close() only: whether all of it was written
  };
  // Messages of one filter or of several.
  struct Batch {
    Records records;
    std::vector<std::uint64_t> filters;  // of each record: bit n is filter n
    std::uint64_t routed = 0;            // of the last span that is in it

    // False: there is no memory for it; nothing has changed then.
    bool add(const std::array<std::byte, proto::storage_header_size>& header, proto::Bytes frame, std::uint64_t wanted);
    // The messages of a filter.
    [[nodiscard]] std::size_t count(std::size_t filter) const noexcept;
    [[nodiscard]] Records of(std::size_t filter) const;
  };
  using Done = std::function<void(bool good)>;

  Device(Options options, CacheBudget& budget, Events events);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // False: there is no memory for its place in the queue; the batch is gone, nothing else has changed.
  [[nodiscard]] bool push(Batch batch) noexcept;
  // Writes what is cached for filters that are to be written on demand; `done` says whether all of it was.
  void sync(Done done);
  // Writes everything; nothing may be pushed after it.
  void close() noexcept;

  [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_.load(std::memory_order_relaxed); }
  // `routed` of the last batch that has been taken into files or caches.
  [[nodiscard]] std::uint64_t settled() const noexcept { return settled_.load(std::memory_order_relaxed); }
  [[nodiscard]] DeviceStatus status() const;

  static constexpr int most_errors = 5;

 private:
  struct Sync {
    Done done;
  };
  struct Close {};
  using Work = std::variant<Batch, Sync, Close>;
  struct Store {
    Filter filter;
    std::shared_ptr<FileSet> files;  // filters with the same File share it
    RecordCache cache;
    FilterStatus status;
  };

  void run();
  [[nodiscard]] Opened open() noexcept;
  [[nodiscard]] Opened try_open();
  [[nodiscard]] bool claim(std::string& failure);
  void make_stores(FilterFile& file);
  void look_for_obstacles(FilterFile& file);
  [[nodiscard]] Work next();
  void take(const Batch& batch) noexcept;
  [[nodiscard]] bool finish(std::uint8_t behaviours) noexcept;
  void fail(const std::string& problem);
  void starve() noexcept;
  void tell_lost() const noexcept;
  void add(Work work);
  [[nodiscard]] bool asked_to_close() const noexcept;
  void keep(Store& store, const Batch& batch, std::size_t filter) noexcept;
  void cache(Store& store, const Records& records) noexcept;
  bool write(Store& store, const Records& records) noexcept;
  bool write_cache(Store& store) noexcept;
  bool write_caches(std::uint8_t behaviours) noexcept;
  bool note_error(Store& store);
  void publish();

  const Options options_;
  CacheBudget& budget_;
  const Events events_;

  std::atomic<std::size_t> queued_bytes_{0};  // both threads write; a figure, nothing is published by it
  std::atomic<std::uint64_t> settled_{0};     // the device's thread writes; likewise

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Work> queue_;
  bool closing_ = false;         // once the queue is empty the thread ends
  bool asked_to_close_ = false;  // not only destroyed
  DeviceStatus status_;

  // The device's thread's own.
  Fd claim_;  // the directory, locked for as long as it is written to
  std::vector<Store> stores_;
  std::uint64_t reserved_ = 0;  // of the budget
  int errors_ = 0;              // in a row
  bool failed_ = false;

  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace dlt::daemon::logstorage
