#include "storage/log_file.hpp"

#include <cerrno>

#include <sys/stat.h>

namespace dlt::daemon {

namespace {
std::error_code last_error() noexcept { return {errno, std::system_category()}; }
}  // namespace

Result<LogFile> LogFile::create(int directory, const char* name, const FileCalls& calls) {
  Fd fd(calls.create(directory, name));
  if (!fd) return last_error();
  return LogFile(std::move(fd), calls);
}

std::error_code LogFile::append(proto::Bytes bytes, bool sync) noexcept {
  if (torn_)
    if (const auto error = take_back()) return error;
  std::error_code error;
  std::size_t done = 0;
  while (done < bytes.size() && !error) {
    const auto offset = static_cast<off_t>(size_ + done);
    const ssize_t n = calls_->write(fd_.get(), bytes.data() + done, bytes.size() - done, offset);
    if (n > 0) done += static_cast<std::size_t>(n);
    else if (n == 0) error = std::make_error_code(std::errc::io_error);
    else if (errno != EINTR) error = last_error();
  }
  if (!error && sync) error = this->sync();
  if (!error) {
    size_ += bytes.size();
    return {};
  }
  torn_ = done > 0;
  if (torn_) static_cast<void>(take_back());
  return error;
}

std::error_code LogFile::take_back() noexcept {
  while (calls_->truncate(fd_.get(), static_cast<off_t>(size_)) != 0)
    if (errno != EINTR) return last_error();
  torn_ = false;
  return {};
}

std::error_code LogFile::sync() noexcept {
  while (calls_->sync(fd_.get()) != 0)
    if (errno != EINTR) return last_error();
  return {};
}

bool LogFile::is_gone() const noexcept {
  struct stat info {};
  return ::fstat(fd_.get(), &info) == 0 && info.st_nlink == 0;
}

}  // namespace dlt::daemon
