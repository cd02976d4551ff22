#include "config_file.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "paths.hpp"

namespace dlt::daemon {

namespace {

std::string because(const std::string& path, int error) {
  return fmt::format("cannot read {}: {}", path, std::generic_category().message(error));
}

bool is_null_device(const struct stat& info) noexcept {
  return S_ISCHR(info.st_mode) && info.st_rdev == ::makedev(1, 3);
}

std::string judge(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return fmt::format("cannot read {}: not a file", path);
  if ((info.st_mode & S_IWOTH) != 0)
    return fmt::format("{} can be written by everybody (mode {:04o}): not used", path, info.st_mode & 07777U);
  if (static_cast<std::uint64_t>(info.st_size) > config_size_limit)
    return fmt::format("{} has {} bytes: a configuration has at most {}", path, info.st_size, config_size_limit);
  return {};
}

}  // namespace

ConfigFile read_config_file(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode) && !is_trusted(info.st_uid))
    return {{}, fmt::format("{} is a symbolic link of uid {}: not followed", path, info.st_uid), {}};
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd || ::fstat(fd.get(), &info) != 0) return {{}, because(path, errno), {}};
  ConfigFile file;
  if (is_null_device(info)) return file;
  file.problem = judge(path, info);
  if (!file.problem.empty()) return file;
  if (!is_trusted(info.st_uid))
    file.warning = fmt::format("{} belongs to uid {}, who can change what this daemon does", path, info.st_uid);
  file.text.resize(config_size_limit);
  std::size_t have = 0;
  while (have < file.text.size()) {
    const ssize_t n = ::read(fd.get(), file.text.data() + have, file.text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {{}, because(path, errno), {}};
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  file.text.resize(have);
  return file;
}

}  // namespace dlt::daemon
