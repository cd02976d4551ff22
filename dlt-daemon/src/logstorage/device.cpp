#include "logstorage/device.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <set>

#include <fcntl.h>
#include <sys/file.h>

#include "config_file.hpp"
#include "insist.hpp"

namespace dlt::daemon::logstorage {

bool Device::Batch::add(const std::array<std::byte, proto::storage_header_size>& header, proto::Bytes frame,
                        std::uint64_t wanted) {
  const std::size_t bytes = records.bytes.size();
  const std::size_t before = filters.size();
  try {
    records.add(header, frame);
    filters.push_back(wanted);
    return true;
  } catch (const std::bad_alloc&) {
    records.bytes.resize(bytes);
    records.sizes.resize(before);
    filters.resize(before);
    return false;
  }
}

std::size_t Device::Batch::count(std::size_t filter) const noexcept {
  const auto wants = [filter](std::uint64_t wanted) { return (wanted >> filter & 1) != 0; };
  return static_cast<std::size_t>(std::count_if(filters.begin(), filters.end(), wants));
}

Records Device::Batch::of(std::size_t filter) const {
  Records out;
  std::size_t at = 0;
  for (std::size_t r = 0; r < filters.size(); ++r) {
    const std::uint32_t size = records.sizes[r];
    if ((filters[r] >> filter & 1) != 0) {
      const auto record = proto::Bytes(records.bytes).subspan(at, size);
      out.bytes.insert(out.bytes.end(), record.begin(), record.end());
      out.sizes.push_back(size);
    }
    at += size;
  }
  return out;
}

Device::Device(Options options, CacheBudget& budget, Events events)
    : options_(std::move(options)), budget_(budget), events_(std::move(events)) {
  status_.path = options_.path;
  thread_ = std::thread([this] { run(); });
}

Device::~Device() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Device::add(Work work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
}

bool Device::push(Batch batch) noexcept {
  const std::size_t bytes = batch.records.bytes.size();
  queued_bytes_.fetch_add(bytes, std::memory_order_relaxed);  // before the thread may take it away again
  try {
    add(std::move(batch));
    return true;
  } catch (const std::bad_alloc&) {
    queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
}

void Device::sync(Done done) { add(Sync{std::move(done)}); }

void Device::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closing_ = asked_to_close_ = true;
  }
  wake_.notify_one();
}

bool Device::asked_to_close() const noexcept {
  const std::lock_guard lock(mutex_);
  return asked_to_close_;
}

DeviceStatus Device::status() const {
  const std::lock_guard lock(mutex_);
  DeviceStatus copy = status_;
  copy.queued_bytes = queued_bytes();
  return copy;
}

Device::Work Device::next() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
  if (queue_.empty()) return Close{};
  Work work = std::move(queue_.front());
  queue_.pop_front();
  return work;
}

void Device::run() {
  events_.opened(open());
  for (;;) {
    Work work = next();
    if (auto* const batch = std::get_if<Batch>(&work)) {
      take(*batch);
      queued_bytes_.fetch_sub(batch->records.bytes.size(), std::memory_order_relaxed);
      settled_.store(batch->routed, std::memory_order_relaxed);
    } else if (const auto* const request = std::get_if<Sync>(&work)) {
      const bool good = finish(sync::on_demand);
      request->done(good);
    } else {
      const bool good = finish(0xff);
      tell_lost();
      stores_.clear();  // closes the files
      claim_.reset();
      budget_.give_back(reserved_);
      if (asked_to_close()) events_.closed(good);
      return;
    }
  }
}

void Device::take(const Batch& batch) noexcept {
  for (std::size_t i = 0; i < stores_.size(); ++i) keep(stores_[i], batch, i);
  insist([this] { publish(); });  // before it counts as done
}

bool Device::finish(std::uint8_t behaviours) noexcept {
  const bool good = write_caches(behaviours);
  insist([this] { publish(); });
  return good;
}

void Device::tell_lost() const noexcept {
  std::uint64_t lost = 0;
  for (const Store& store : stores_) lost += store.status.failed;
  {
    const std::lock_guard lock(mutex_);
    lost += status_.dropped;
  }
  if (lost != 0) spdlog::error("logstorage: {}: {} messages are not stored", options_.path, lost);
}

// Without memory a device has failed; what it does not store for that is counted by who calls this.
void Device::starve() noexcept {
  insist([this] { fail("there is no memory for what it stores"); });
}

Device::Opened Device::open() noexcept {
  try {
    return try_open();
  } catch (const std::bad_alloc&) {
    stores_.clear();
    Opened opened;
    opened.failure = "no memory";  // short enough to need none itself
    return opened;
  }
}

Device::Opened Device::try_open() {
  const std::string path = options_.path + "/dlt_logstorage.conf";
  ConfigFile conf = read_config_file(path);
  Opened opened;
  opened.failure = std::move(conf.problem);
  if (!opened.failure.empty() || !claim(opened.failure)) return opened;
  if (!conf.warning.empty()) spdlog::warn("{}", conf.warning);
  opened.file = parse_filters(conf.text, path);
  make_stores(opened.file);
  look_for_obstacles(opened.file);
  publish();
  return opened;
}

// Two devices of one directory, under different names or in different daemons, would write over each other. False: it
// is another's.
bool Device::claim(std::string& failure) {
  claim_.reset(::open(options_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!claim_ || ::flock(claim_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return true;
  failure = options_.path + " is connected already, under another name or by another daemon";
  return false;
}

// A filter for whose cache there is no memory is left out.
void Device::make_stores(FilterFile& file) {
  const std::vector<Filter> all = file.filters;
  std::map<std::string, std::shared_ptr<FileSet>> sets;
  std::erase_if(file.filters, [&](const Filter& f) {
    if (!budget_.take(f.cache_size())) {
      file.problems.push_back(options_.path + "/dlt_logstorage.conf: [" + f.name + "] is left out: its cache of " +
                              std::to_string(f.cache_size()) +
                              " bytes is more than is left of OfflineLogstorageCacheSize");
      return true;
    }
    reserved_ += f.cache_size();
    auto& set = sets[f.file];
    if (!set) set = std::make_shared<FileSet>(f, FileSet::Options{options_.path, options_.naming, options_.calls}, all);
    Store store{f, set, RecordCache(f.cache_size()), {}};
    store.status.name = f.name;
    stores_.push_back(std::move(store));
    return false;
  });
}

// Whoever connects the device is told at once what the first message would find, each thing once. It is tried all the
// same when there is something to write.
void Device::look_for_obstacles(FilterFile& file) {
  std::set<std::string> told;
  for (const Store& store : stores_) {
    const std::string obstacle = store.filter.stores() ? store.files->obstacle() : std::string();
    if (obstacle.empty() || !told.insert(obstacle).second) continue;
    file.problems.push_back(options_.path + " cannot be written to now: " + obstacle);
    const std::lock_guard lock(mutex_);
    status_.problem = file.problems.back();
  }
}

void Device::keep(Store& store, const Batch& batch, std::size_t filter) noexcept {
  Records records;
  try {
    records = batch.of(filter);
  } catch (const std::bad_alloc&) {
    store.status.failed += batch.count(filter);
    return starve();
  }
  if (!store.filter.cached()) (void)write(store, records);
  else cache(store, records);
}

void Device::cache(Store& store, const Records& records) noexcept {
  const bool when_full = (store.filter.sync & (sync::on_file_size | sync::on_specific_size)) != 0;
  std::size_t at = 0;
  for (const std::uint32_t size : records.sizes) {
    if (when_full && !store.cache.fits(size) && store.cache.records() > 0) (void)write_cache(store);
    try {
      store.status.overwritten += store.cache.add(proto::Bytes(records.bytes).subspan(at, size));
    } catch (const std::bad_alloc&) {
      ++store.status.failed;
      starve();
    }
    at += size;
  }
}

bool Device::write_cache(Store& store) noexcept {
  try {
    return write(store, store.cache.take());
  } catch (const std::bad_alloc&) {
    store.status.failed += store.cache.records();
    store.cache.clear();
    starve();
    return false;
  }
}

// Tries until it succeeds or the device has failed; false then.
bool Device::write(Store& store, const Records& records) noexcept {
  std::span<const std::uint32_t> sizes(records.sizes);
  proto::Bytes bytes(records.bytes);
  try {
    while (!sizes.empty() && !failed_) {
      const auto done = store.files->append(bytes, sizes);
      store.status.stored += done.stored;
      if (done.discarded != 0) {
        store.status.discarded += done.discarded;
        return true;
      }
      for (const std::uint32_t size : sizes.first(done.stored)) bytes = bytes.subspan(size);
      sizes = sizes.subspan(done.stored);
      if (done.stored > 0) errors_ = 0;
      if (done.failed && !note_error(store)) break;
    }
  } catch (const std::bad_alloc&) {
    starve();
  }
  store.status.failed += sizes.size();
  return sizes.empty();
}

// False: there were too many of them.
bool Device::note_error(Store& store) {
  ++errors_;
  const auto pause = std::min(options_.retry_first * (1 << (errors_ - 1)), options_.retry_longest);
  std::unique_lock lock(mutex_);
  ++status_.errors;
  status_.problem = store.files->problem();
  if (errors_ == 1) spdlog::error("logstorage: {}", status_.problem);
  if (errors_ <= most_errors) {
    wake_.wait_for(lock, pause, [this] { return closing_; });
    return true;
  }
  lock.unlock();
  fail(store.files->problem());
  return false;
}

void Device::fail(const std::string& problem) {
  if (failed_) return;
  {
    const std::lock_guard lock(mutex_);
    status_.problem = problem;
    status_.state = DeviceStatus::State::failed;
  }
  failed_ = true;
  spdlog::error("logstorage: {} is disconnected: {}", options_.path, problem);
  events_.failed();
}

bool Device::write_caches(std::uint8_t behaviours) noexcept {
  bool good = true;
  for (Store& store : stores_)
    if ((store.filter.sync & behaviours) != 0 && store.cache.records() > 0) good = write_cache(store) && good;
  return good && !failed_;
}

void Device::publish() {
  std::vector<FilterStatus> all;
  for (Store& store : stores_) {
    store.status.cached = store.cache.records();
    store.status.file = store.files->path();
    store.status.files = store.files->files();
    all.push_back(store.status);
  }
  const std::lock_guard lock(mutex_);
  status_.filters = std::move(all);
}

}  // namespace dlt::daemon::logstorage
