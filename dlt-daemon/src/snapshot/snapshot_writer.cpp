#include "snapshot/snapshot_writer.hpp"

#include <pthread.h>

namespace dlt::daemon {

SnapshotWriter::SnapshotWriter(SnapshotFiles::Options options)
    : files_(std::move(options)), thread_([this] { run(); }) {}

SnapshotWriter::~SnapshotWriter() { stop(); }

bool SnapshotWriter::push(SnapshotJob job, Done done) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= most_waiting) return false;
  queue_.emplace_back(std::move(job), std::move(done));
  wake_.notify_one();
  return true;
}

std::size_t SnapshotWriter::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void SnapshotWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) stop_at_ = std::chrono::steady_clock::now() + end_limit;
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void SnapshotWriter::run() {
  pthread_setname_np(pthread_self(), "dlt-snapshots");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto [job, done] = std::move(queue_.front());
    queue_.pop_front();
    const bool late = stopping_ && std::chrono::steady_clock::now() >= stop_at_;
    lock.unlock();
    done(late ? SnapshotResult{SnapshotResult::Status::failed, "the daemon ends", 0} : files_.write(job));
    job = {};
    done = nullptr;
    lock.lock();
  }
}

}  // namespace dlt::daemon
