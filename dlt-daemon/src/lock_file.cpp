#include "lock_file.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>

namespace dlt::daemon {

Result<LockFile> LockFile::take(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return std::error_code(errno, std::system_category());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return make_error_code(std::errc::device_or_resource_busy);
    return std::error_code(errno, std::system_category());
  }
  return LockFile(std::move(fd));
}

}  // namespace dlt::daemon
