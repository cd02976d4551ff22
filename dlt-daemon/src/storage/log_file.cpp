#include "storage/log_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace dlt::daemon {

Result<LogFile> LogFile::create(const std::string& path, Write write) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd) return std::error_code(errno, std::system_category());
  return LogFile(std::move(fd), write);
}

std::error_code LogFile::append(proto::Bytes bytes) noexcept {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write_(fd_.get(), bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    const std::error_code error(n == 0 ? EIO : errno, std::system_category());
    const auto whole = static_cast<off_t>(size_);
    if (done > 0 && (::ftruncate(fd_.get(), whole) != 0 || ::lseek(fd_.get(), whole, SEEK_SET) != whole)) fd_.reset();
    return error;
  }
  size_ += bytes.size();
  return {};
}

}  // namespace dlt::daemon
