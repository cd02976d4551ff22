#include "lock_file.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "paths.hpp"

namespace dlt::daemon {

namespace {

// He may do with the file what he likes anyway: a daemon of root's that became him left it.
bool owns_folder(uid_t user, const std::string& path) noexcept {
  struct stat folder {};
  return ::stat(path.substr(0, path.find_last_of('/') + 1).c_str(), &folder) == 0 && folder.st_uid == user;
}

}  // namespace

Result<LockFile> LockFile::take(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd) return std::error_code(errno, std::system_category());
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return std::error_code(errno, std::system_category());
  // Somebody else's file, or one that has another name as well, is not ours to lock.
  if (!S_ISREG(info.st_mode) || info.st_nlink != 1 || !(is_trusted(info.st_uid) || owns_folder(info.st_uid, path)))
    return make_error_code(std::errc::file_exists);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return make_error_code(std::errc::device_or_resource_busy);
    return std::error_code(errno, std::system_category());
  }
  return LockFile(std::move(fd));
}

}  // namespace dlt::daemon
