#include "paths.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlt::daemon {

namespace {

constexpr int place = O_PATH | O_CLOEXEC;

std::string because(const std::string& path, int error) {
  return fmt::format("{}: {}", path, std::generic_category().message(error));
}

// From one directory into the next; `so_far` is the path of that one.
Fd step(const Fd& at, const std::string& name, const std::string& so_far, bool make, mode_t mode,
        std::string& problem) {
  if (make) ::mkdirat(at.get(), name.c_str(), mode);  // opening it says what went wrong
  Fd next(::openat(at.get(), name.c_str(), place | O_NOFOLLOW));
  struct stat info {};
  if (!next || ::fstat(next.get(), &info) != 0) return problem = because(so_far, errno), Fd();
  if (S_ISLNK(info.st_mode)) {
    if (!is_trusted(info.st_uid))
      return problem = fmt::format("{} is a symbolic link of uid {}: not followed", so_far, info.st_uid), Fd();
    next.reset(::openat(at.get(), name.c_str(), place | O_DIRECTORY));
    if (!next) problem = because(so_far, errno);
    return next;
  }
  if (!S_ISDIR(info.st_mode)) return problem = so_far + " is not a directory", Fd();
  return next;
}

bool is_own(const Fd& directory, const std::string& path, std::string& problem) {
  struct stat info {};
  if (::fstat(directory.get(), &info) != 0) return problem = because(path, errno), false;
  if (!is_trusted(info.st_uid))
    return problem = fmt::format("{} belongs to uid {}: neither root nor this user", path, info.st_uid), false;
  if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0)
    return problem = fmt::format("{} can be written by everybody (mode {:04o})", path, info.st_mode & 07777U), false;
  return true;
}

}  // namespace

bool is_trusted(uid_t owner) noexcept { return owner == 0 || owner == ::geteuid(); }

Fd open_directory(const std::string& path, const DirectoryRule& rule, std::string& problem) {
  Fd at(::open("/", place | O_DIRECTORY));
  std::size_t begin = path.find_first_not_of('/');
  while (at && begin != std::string::npos) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::size_t next = path.find_first_not_of('/', end);
    const bool make = rule.parents || next == std::string::npos;
    at = step(at, path.substr(begin, end - begin), path.substr(0, end), make, rule.mode, problem);
    begin = next;
  }
  if (!at || (rule.own && !is_own(at, path, problem))) return {};
  Fd directory(::openat(at.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) problem = because(path, errno);
  return directory;
}

int create_beneath(int directory, const char* name, mode_t mode) noexcept {
  if (std::strchr(name, '/') != nullptr) return errno = EINVAL, -1;
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  open_how how{};
  how.flags = flags;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  const auto fd = ::syscall(SYS_openat2, directory, name, &how, sizeof how);
  // Kernels before 5.6 and sandboxes that do not know the call: for a name without '/' these flags say the same.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return ::openat(directory, name, flags, mode);
  return static_cast<int>(fd);
}

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::vector<std::string> names_in(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open && errno == ENOMEM) throw std::bad_alloc();
  std::vector<std::string> names;
  while (open) {
    const dirent* const entry = ::readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

}  // namespace dlt::daemon
