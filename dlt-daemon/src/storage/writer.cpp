#include "storage/writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <new>

namespace dlt::daemon {

namespace {
// With so much waiting the thread does not sleep until the next flush.
constexpr std::size_t wake_bytes = 128 * 1024;
constexpr auto sync_interval = std::chrono::seconds(1);

bool waits_for_no_flush(SyncMode mode) noexcept { return mode == SyncMode::fatal || mode == SyncMode::message; }

// What is only told is not worth ending for.
void tell(std::string& where, const std::string& what) noexcept {
  try {
    where = what;
  } catch (const std::bad_alloc&) {
    where.clear();
  }
}

FileSeries::Options series(const Writer::Options& options) {
  FileSeries::Options files = options.files;
  files.durable = options.sync != SyncMode::none;
  return files;
}
}  // namespace

Writer::Writer(Options options)
    : options_(std::move(options)),
      segment_(options_.ecu, Segment::default_capacity, options_.sync == SyncMode::fatal),
      files_(series(options_)) {
  status_.state = StorageStatus::State::writing;
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() { stop(); }

bool Writer::push(const FrameSpan& span) noexcept {
  bool notify = false;
  try {
    const std::lock_guard lock(mutex_);
    queue_.push_back(span);
    queued_bytes_.fetch_add(span.size, std::memory_order_relaxed);
    notify = idle_ || queued_bytes() >= wake_bytes;
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (notify) wake_.notify_one();
  return true;
}

StorageStatus Writer::status() const {
  const std::lock_guard lock(mutex_);
  StorageStatus copy = status_;
  copy.queued_bytes = queued_bytes();
  return copy;
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Writer::run() {
  bool more = true;
  while (more) {
    more = wait();
    store();
    const auto now = std::chrono::steady_clock::now();
    if (flush_at_ && (!more || now >= *flush_at_)) flush();
    if (sync_at_ && (!more || now >= *sync_at_)) sync();
  }
}

// Takes what is queued, as soon as there is reason to; false when this is the last time.
bool Writer::wait() {
  auto until = flush_at_;
  if (sync_at_ && (!until || *sync_at_ < *until)) until = sync_at_;
  std::unique_lock lock(mutex_);
  idle_ = !flush_at_ || waits_for_no_flush(options_.sync);
  const auto ready = [this] { return stopping_ || (idle_ ? !queue_.empty() : queued_bytes() >= wake_bytes); };
  if (until) wake_.wait_until(lock, *until, ready);
  else wake_.wait(lock, ready);
  idle_ = false;
  taken_.swap(queue_);
  return !stopping_;
}

void Writer::store() {
  for (; !taken_.empty(); taken_.pop_front()) {
    FrameSpan& span = taken_.front();
    while (span.size > 0) {
      if (!flush_at_) flush_at_ = std::chrono::steady_clock::now() + options_.flush;
      const std::size_t before = span.size;
      segment_.take(span);
      queued_bytes_.fetch_sub(before - span.size, std::memory_order_relaxed);
      if (span.size == 0) in_hand_ = span.routed;
      if (segment_.full()) flush();
    }
  }
  if (segment_.fatal() || (options_.sync == SyncMode::message && !segment_.empty()))
    flush_at_ = std::chrono::steady_clock::now();
}

// Writes the segment; returns when it is in a file, or given up because the daemon ends.
void Writer::flush() {
  flush_at_.reset();
  if (segment_.empty()) return;
  const auto stored = write(options_.sync == SyncMode::message || segment_.fatal());
  {
    const std::lock_guard lock(mutex_);
    const Volume volume = segment_.volume();
    Volume& to = stored ? status_.written : status_.dropped;
    to.messages += volume.messages;
    to.bytes += volume.bytes;
    if (stored) status_.file_bytes += *stored;
    else spdlog::error("the daemon ends: {} messages are not stored", volume.messages);
  }
  segment_.clear();
  settled_.store(in_hand_, std::memory_order_relaxed);
}

// As it goes into the file; nothing: there is no memory.
std::optional<proto::Bytes> Writer::packed() noexcept {
  if (!options_.files.compressed) return segment_.bytes();
  const auto bytes = compressor_.compress(segment_.bytes());
  return bytes ? std::optional(*bytes) : std::nullopt;
}

// Tries until it succeeds, then how many bytes of the file that are; nothing only when the daemon ends and one more try
// has failed.
std::optional<std::size_t> Writer::write(bool sync) {
  auto delay = options_.retry_first;
  for (bool last = false;;) {
    const auto bytes = packed();
    if (bytes && files_.append(*bytes, sync)) {
      if (sync) sync_at_.reset();
      else if (options_.sync != SyncMode::none && !sync_at_)
        sync_at_ = std::chrono::steady_clock::now() + sync_interval;
      written();
      return bytes->size();
    }
    suspend(bytes ? files_.problem() : "no memory");
    if (last) return std::nullopt;
    last = !pause(delay);
    delay = std::min(delay * 2, options_.retry_longest);
  }
}

void Writer::sync() {
  sync_at_.reset();
  if (files_.sync()) return;
  spdlog::error("storage: {}: what was written in the last second may be lost", files_.problem());
}

void Writer::suspend(const std::string& problem) {
  const std::lock_guard lock(mutex_);
  if (status_.state != StorageStatus::State::suspended) spdlog::error("storage suspended: {}", problem);
  status_.state = StorageStatus::State::suspended;
  tell(status_.problem, problem);
}

void Writer::written() {
  const std::lock_guard lock(mutex_);
  if (status_.state == StorageStatus::State::suspended) spdlog::info("storage goes on with {}", files_.path());
  status_.state = StorageStatus::State::writing;
  status_.problem.clear();
  tell(status_.file, files_.path());
  status_.files = files_.files();
}

// False if the daemon ends meanwhile.
bool Writer::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace dlt::daemon
