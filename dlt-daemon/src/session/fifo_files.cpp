#include "session/fifo_files.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.hpp"

namespace dlt::daemon {

namespace {

constexpr const char* name = "dlt";
constexpr const char* fresh_name = "dlt.new";
constexpr const char* pipes_name = "dltpipes";
constexpr mode_t pipes_mode = 03777;
constexpr mode_t fifo_mode = 0620;

std::string because(std::string_view path, int error) {
  return fmt::format("{}: {}", path, std::generic_category().message(error));
}

std::string_view kind_of(mode_t mode) noexcept {
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISREG(mode) ? "a file" : "a device";
}

// Is nothing there, or a FIFO that nobody reads any more? Otherwise `problem` says what stands there.
bool may_be_replaced(const Fd& directory, const char* entry, const std::string& path, std::string& problem) {
  const Fd there(::openat(directory.get(), entry, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!there && errno == ENOENT) return true;
  struct stat info {};
  if (!there || ::fstat(there.get(), &info) != 0) return problem = because(path, errno), false;
  if (!S_ISFIFO(info.st_mode))
    return problem = fmt::format("{} is {} and no FIFO: not replaced", path, kind_of(info.st_mode)), false;
  if (!is_trusted(info.st_uid))
    return problem = fmt::format("{} belongs to uid {}: neither root nor this user", path, info.st_uid), false;
  const Fd writer(::openat(directory.get(), entry, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (writer) return problem = fmt::format("another daemon reads {}", path), false;
  return errno == ENXIO || (problem = because(path, errno), false);
}

bool set_group(const Fd& fifo, const std::string& group, std::string& problem) {
  if (group.empty()) return true;
  const struct group* g = ::getgrnam(group.c_str());
  if (g == nullptr) return problem = fmt::format("there is no group '{}'", group), false;
  return ::fchown(fifo.get(), static_cast<uid_t>(-1), g->gr_gid) == 0 ||
         (problem = because("group " + group, errno), false);
}

}  // namespace

std::optional<FifoFiles> FifoFiles::open(const Options& options, std::string& problem, std::string& warning) {
  FifoFiles files;
  files.path_ = options.directory + "/" + name;
  files.directory_ = open_directory(options.directory, socket_rule, problem);
  if (!files.directory_ || !files.make_pipes(problem, warning) || !files.make_fifo(options, problem, warning))
    return std::nullopt;
  return files;
}

// Under another name first: programs find a FIFO that is ready, or the one before it.
bool FifoFiles::make_fifo(const Options& options, std::string& problem, std::string& warning) {
  const int at = directory_.get();
  if (!may_be_replaced(directory_, name, path_, problem)) return false;
  if (!may_be_replaced(directory_, fresh_name, path_ + ".new", problem)) return false;
  ::unlinkat(at, fresh_name, 0);
  if (::mkfifoat(at, fresh_name, 0600) != 0) return problem = because(path_ + ".new", errno), false;
  fifo_.reset(::openat(at, fresh_name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!fifo_ || ::fstat(fifo_.get(), &info) != 0) return problem = because(path_ + ".new", errno), false;
  if (!S_ISFIFO(info.st_mode) || info.st_uid != ::geteuid())
    return problem = path_ + ".new was exchanged by somebody", false;
  if (!set_group(fifo_, options.group, problem)) return ::unlinkat(at, fresh_name, 0), false;
  if (options.size != 0 && ::fcntl(fifo_.get(), F_SETPIPE_SZ, static_cast<int>(options.size)) < 0)
    warning = because(fmt::format("{} bytes for {}", options.size, path_), errno);
  capacity_ = static_cast<std::size_t>(::fcntl(fifo_.get(), F_GETPIPE_SZ));
  if (::fchmod(fifo_.get(), fifo_mode) != 0 || ::renameat(at, fresh_name, at, name) != 0)
    return problem = because(path_, errno), ::unlinkat(at, fresh_name, 0), false;
  device_ = info.st_dev;
  inode_ = info.st_ino;
  return true;
}

// A program that was started before the daemon has made the directory, as its own user.
bool FifoFiles::make_pipes(std::string& problem, std::string& warning) {
  const std::string path = path_.substr(0, path_.size() - std::string_view(name).size()) + pipes_name;
  ::mkdirat(directory_.get(), pipes_name, 0777);  // opening it says what went wrong
  pipes_.reset(::openat(directory_.get(), pipes_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!pipes_ || ::fstat(pipes_.get(), &info) != 0) return problem = because(path, errno), false;
  if ((info.st_mode & 07777U) == pipes_mode || ::fchmod(pipes_.get(), pipes_mode) == 0) return true;
  if ((info.st_mode & 01777U) != 01777U)
    warning = fmt::format("{} belongs to uid {} and has mode {:04o}: not everybody can be answered", path, info.st_uid,
                          info.st_mode & 07777U);
  return true;
}

Result<Fd> FifoFiles::open_pipe(pid_t pid) const {
  const std::string entry = name + std::to_string(pid);
  Fd pipe(::openat(pipes_.get(), entry.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!pipe || ::fstat(pipe.get(), &info) != 0) return std::error_code(errno, std::system_category());
  if (!S_ISFIFO(info.st_mode)) return std::make_error_code(std::errc::file_exists);
  return pipe;
}

void FifoFiles::remove() noexcept {
  struct stat info {};
  if (inode_ == 0 || !directory_) return;
  if (::fstatat(directory_.get(), name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_)
    ::unlinkat(directory_.get(), name, 0);
  inode_ = 0;
}

}  // namespace dlt::daemon
