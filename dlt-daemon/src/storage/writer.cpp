#include "storage/writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include <unistd.h>

namespace dlt::daemon {

namespace {
// With so much waiting the thread does not sleep until the next flush.
constexpr std::size_t wake_bytes = 128 * 1024;

Writer::Options complete(Writer::Options options) {
  if (options.write == nullptr) options.write = ::write;
  return options;
}
}  // namespace

Writer::Writer(Options options)
    : options_(complete(std::move(options))), segment_(options_.ecu), retention_(options_.keep) {
  status_.state = StorageStatus::State::writing;
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() { stop(); }

void Writer::push(const FrameSpan& span) {
  queued_bytes_.fetch_add(span.size, std::memory_order_relaxed);
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(span);
    notify = idle_ || queued_bytes() >= wake_bytes;
  }
  if (notify) wake_.notify_one();
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
  std::deque<FrameSpan> spans;
  bool more = true;
  while (more) {
    more = wait(spans);
    store(spans);
    if (flush_at_ && (!more || std::chrono::steady_clock::now() >= *flush_at_)) flush();
  }
}

// Takes what is queued, as soon as there is reason to; false when this is the last time.
bool Writer::wait(std::deque<FrameSpan>& spans) {
  std::unique_lock lock(mutex_);
  idle_ = !flush_at_;
  if (idle_) wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  else wake_.wait_until(lock, *flush_at_, [this] { return stopping_ || queued_bytes() >= wake_bytes; });
  idle_ = false;
  spans.swap(queue_);
  return !stopping_;
}

void Writer::store(std::deque<FrameSpan>& spans) {
  for (; !spans.empty(); spans.pop_front()) {
    FrameSpan& span = spans.front();
    while (span.size > 0) {
      if (!flush_at_) flush_at_ = std::chrono::steady_clock::now() + options_.flush;
      const std::size_t before = span.size;
      segment_.take(span);
      queued_bytes_.fetch_sub(before - span.size, std::memory_order_relaxed);
      if (segment_.full()) flush();
    }
  }
}

// Writes the segment; returns when it is in a file, or given up because the daemon ends.
void Writer::flush() {
  flush_at_.reset();
  if (segment_.empty()) return;
  proto::Bytes bytes = segment_.bytes();
  bool stored = true;
  if (options_.compression) {
    const auto packed = compressor_.compress(bytes);
    stored = packed.has_value();
    if (packed) bytes = *packed;
  }
  stored = stored && write(bytes);
  {
    const std::lock_guard lock(mutex_);
    const Volume volume = segment_.volume();
    Volume& to = stored ? status_.written : status_.dropped;
    to.messages += volume.messages;
    to.bytes += volume.bytes;
    if (stored) status_.file_bytes += bytes.size();
  }
  segment_.clear();
}

// Tries until it succeeds; false only when the daemon ends and one more try has failed.
bool Writer::write(proto::Bytes bytes) {
  auto delay = options_.retry_first;
  for (bool last = false;;) {
    const auto error = try_write(bytes);
    if (!error) {
      written();
      return true;
    }
    suspend(error);
    if (last) return false;
    last = !pause(delay);
    delay = std::min(delay * 2, options_.retry_longest);
  }
}

std::error_code Writer::try_write(proto::Bytes bytes) {
  const bool fits =
      file_ && file_->is_open() && (file_->size() == 0 || file_->size() + bytes.size() <= options_.file_size);
  if (!fits)
    if (const auto error = begin_file()) return error;
  if (const auto error = file_->append(bytes)) {
    if (error == std::errc::file_too_large) file_.reset();  // another file may still grow
    return error;
  }
  retention_.grown(file_->size());
  return {};
}

std::error_code Writer::begin_file() {
  file_.reset();
  if (!scanned_) scan();
  for (const auto& old : retention_.make_room(options_.file_size))
    ::unlink((options_.directory + "/" + old.name).c_str());
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  for (std::uint64_t number = retention_.next_number();; ++number) {
    const auto name = stored_name(number, now, options_.compression);
    path_ = options_.directory + "/" + name;
    auto file = LogFile::create(path_, options_.write);
    if (file) {
      file_.emplace(*std::move(file));
      retention_.begun({number, name, 0});
      return {};
    }
    if (file.error() == std::errc::file_exists) continue;
    scanned_ = false;  // the directory may have been replaced
    return file.error();
  }
}

void Writer::scan() {
  std::error_code ignored;  // creating the file tells what is wrong with the directory
  std::filesystem::create_directories(options_.directory, ignored);
  std::vector<StoredFile> files;
  for (std::filesystem::directory_iterator it(options_.directory, ignored), end; it != end; it.increment(ignored)) {
    const std::string name = it->path().filename();
    const auto number = stored_number(name);
    if (!number || !it->is_regular_file(ignored)) continue;
    const auto size = it->file_size(ignored);
    files.push_back({*number, name, ignored ? 0 : size});
  }
  retention_.found(std::move(files));
  scanned_ = true;
}

void Writer::suspend(std::error_code error) {
  const std::lock_guard lock(mutex_);
  if (status_.state != StorageStatus::State::suspended)
    spdlog::error("storage suspended: {}: {}", path_, error.message());
  status_.state = StorageStatus::State::suspended;
  status_.problem = error.message();
}

void Writer::written() {
  const std::lock_guard lock(mutex_);
  if (status_.state == StorageStatus::State::suspended) spdlog::info("storage goes on with {}", path_);
  status_.state = StorageStatus::State::writing;
  status_.problem.clear();
  status_.file = path_;
  status_.files = retention_.files();
}

// False if the daemon ends meanwhile.
bool Writer::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace dlt::daemon
