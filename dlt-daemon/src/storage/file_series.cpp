#include "storage/file_series.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <ctime>
#include <new>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.hpp"

namespace dlt::daemon {

namespace {
FileSeries::Options complete(FileSeries::Options options) {
  if (options.unix_s == nullptr) options.unix_s = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
  return options;
}

constexpr const char* no_memory = "no memory";  // short enough to need none itself

bool full(std::error_code error) noexcept { return error == std::errc::no_space_on_device || error.value() == EDQUOT; }
}  // namespace

FileSeries::FileSeries(Options options) : options_(complete(std::move(options))), retention_(options_.keep) {}

bool FileSeries::append(proto::Bytes bytes, bool sync) noexcept {
  const bool fits =
      file_ && !file_->is_gone() && (file_->size() == 0 || file_->size() + bytes.size() <= options_.file_size);
  if (!fits && !begin_file()) return false;
  const auto error = file_->append(bytes, sync);
  if (error) return failed(error);
  torn_ = 0;
  retention_.grown(file_->size());
  return true;
}

bool FileSeries::sync() noexcept {
  if (!file_) return true;
  const auto error = file_->sync();
  if (!error) return true;
  static_cast<void>(failed(error));
  leave_file();
  return false;
}

// Always false, for its callers to return.
bool FileSeries::failed(std::error_code error) noexcept {
  try {
    problem_ = path_ + ": " + error.message();
  } catch (const std::bad_alloc&) {
    problem_ = no_memory;
  }
  if (file_->torn() ? ++torn_ == take_backs : !full(error)) leave_file();
  return false;
}

void FileSeries::leave_file() noexcept {
  if (file_ && file_->size() == 0) options_.calls.remove(directory_.get(), name_.c_str());
  file_.reset();
  directory_.reset();
  torn_ = 0;
}

bool FileSeries::begin_file() noexcept {
  try {
    return try_begin_file();
  } catch (const std::bad_alloc&) {
    leave_file();
    problem_ = no_memory;
    return false;
  }
}

bool FileSeries::try_begin_file() {
  if (options_.durable && !sync()) return false;
  file_.reset();
  if (!directory_ && !open()) return false;
  make_room();
  for (std::uint64_t number = retention_.next_number();; ++number) {
    name_ = stored_name(number, options_.unix_s(), options_.compressed);
    path_ = options_.directory + "/" + name_;
    auto file = LogFile::create(directory_.get(), name_.c_str(), options_.calls);
    if (!file && file.error() == std::errc::file_exists) continue;
    if (!file) return problem_ = path_ + ": " + file.error().message(), directory_.reset(), false;
    file_.emplace(*std::move(file));
    retention_.begun({number, name_, 0});
    if (options_.durable && options_.calls.sync(directory_.get()) != 0) return failed({errno, std::system_category()});
    return true;
  }
}

bool FileSeries::open() {
  directory_ = open_directory(options_.directory, storage_rule, problem_);
  if (directory_) scan();
  return static_cast<bool>(directory_);
}

// Files only: whatever else somebody gave such a name is left alone.
void FileSeries::scan() {
  std::vector<StoredFile> files;
  for (const std::string& name : names_in(options_.directory)) {  // making a file tells what is wrong with it
    const auto number = stored_number(name);
    struct stat info {};
    if (!number || ::fstatat(directory_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(info.st_mode)) files.push_back({*number, name, static_cast<std::uint64_t>(info.st_size)});
  }
  retention_.found(std::move(files));
}

void FileSeries::make_room() {
  for (const auto& old : retention_.make_room(options_.file_size))
    if (options_.calls.remove(directory_.get(), old.name.c_str()) != 0 && errno != ENOENT)
      spdlog::warn("cannot delete {}/{}: {}", options_.directory, old.name, std::generic_category().message(errno));
}

}  // namespace dlt::daemon
