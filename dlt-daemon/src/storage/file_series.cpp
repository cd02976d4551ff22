#include "storage/file_series.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <ctime>
#include <filesystem>

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

bool full(std::error_code error) noexcept { return error == std::errc::no_space_on_device || error.value() == EDQUOT; }
}  // namespace

FileSeries::FileSeries(Options options) : options_(complete(std::move(options))), retention_(options_.keep) {}

bool FileSeries::append(proto::Bytes bytes, bool sync) {
  const bool fits =
      file_ && !file_->is_gone() && (file_->size() == 0 || file_->size() + bytes.size() <= options_.file_size);
  if (!fits && !begin_file()) return false;
  const auto error = file_->append(bytes, sync);
  if (error) return failed(error);
  torn_ = 0;
  retention_.grown(file_->size());
  return true;
}

bool FileSeries::sync() {
  if (!file_) return true;
  const auto error = file_->sync();
  return error ? failed(error) : true;
}

// Always false, for its callers to return.
bool FileSeries::failed(std::error_code error) {
  problem_ = path_ + ": " + error.message();
  if (file_->torn() ? ++torn_ == take_backs : !full(error)) leave_file();
  return false;
}

void FileSeries::leave_file() {
  if (file_ && file_->size() == 0) options_.calls.remove(directory_.get(), name_.c_str());
  file_.reset();
  directory_.reset();
  torn_ = 0;
}

bool FileSeries::begin_file() {
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
  std::error_code ignored;  // making a file tells what is wrong with the directory
  for (std::filesystem::directory_iterator it(options_.directory, ignored), end; it != end; it.increment(ignored)) {
    const std::string name = it->path().filename();
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
