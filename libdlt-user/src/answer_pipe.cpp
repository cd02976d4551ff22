#include "answer_pipe.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

namespace dlt::detail {

namespace {

constexpr const char* prefix = "dlt";
constexpr mode_t pipes_mode = 03777;  // as the incumbent's daemon makes it
constexpr mode_t pipe_mode = 0660;    // as its library makes it: the folder's group may write
constexpr int most_looked_at = 4096;  // names in the folder

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

// The folder of all pipes; made where somebody has cleaned it away.
int open_pipes(const std::string& path) noexcept {
  const bool made = ::mkdir(path.c_str(), pipes_mode) == 0;
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (made && fd >= 0) (void)::fchmod(fd, pipes_mode);  // mkdir minds the umask
  return fd;
}

// 0: not the name of a pipe.
pid_t owner_of(std::string_view name) noexcept {
  pid_t pid = 0;
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(std::string_view(prefix).size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc{} && end == name.data() + name.size() && pid > 0 ? pid : 0;
}

// A process that lives has its own pipe open, also where it is not seen from here (another namespace of pids).
bool is_left_over(int pipes, const char* name) noexcept {
  struct stat info {};
  const pid_t pid = owner_of(name);
  if (pid == 0 || ::kill(pid, 0) == 0 || errno != ESRCH) return false;
  if (::fstatat(pipes, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISFIFO(info.st_mode) || info.st_uid != ::geteuid()) return false;
  const int writer = ::openat(pipes, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (writer < 0) return errno == ENXIO;
  ::close(writer);
  return false;
}

void sweep(const std::string& path) noexcept {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return;
  const int pipes = ::dirfd(folder.get());
  for (int i = 0; i < most_looked_at; ++i) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) return;
    if (is_left_over(pipes, entry->d_name)) ::unlinkat(pipes, entry->d_name, 0);
  }
}

}  // namespace

std::error_code AnswerPipe::open(const std::string& directory, std::int32_t pid) {
  close();
  const std::string folder = directory + "/dltpipes";
  const std::string name = prefix + std::to_string(pid);
  std::string path = folder + "/" + name;
  const int pipes = open_pipes(folder);
  if (pipes < 0) return last_error();
  path_ = std::move(path);
  const std::error_code error = make(pipes, name);
  ::close(pipes);
  if (!std::exchange(swept_, true)) sweep(folder);
  return error;
}

// What stands there is left over from a process that had our number.
std::error_code AnswerPipe::make(int pipes, const std::string& name) noexcept {
  ::unlinkat(pipes, name.c_str(), 0);
  if (::mkfifoat(pipes, name.c_str(), pipe_mode) != 0) return last_error();
  const int fd = ::openat(pipes, name.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const std::error_code error = last_error();
    ::unlinkat(pipes, name.c_str(), 0);
    return error;
  }
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode) || info.st_uid != ::geteuid()) {
    ::close(fd);
    return std::make_error_code(std::errc::operation_not_permitted);  // it was exchanged by somebody
  }
  (void)::fchmod(fd, pipe_mode);  // mkfifo minds the umask
  device_ = info.st_dev;
  inode_ = info.st_ino;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // a child that is forked here knows which one it is
  fd_ = fd;
  return {};
}

void AnswerPipe::close() noexcept {
  const int fd = std::exchange(fd_, -1);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (fd < 0) return;
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && is_mine(info)) ::unlink(path_.c_str());
  ::close(fd);
}

void AnswerPipe::abandon_in_child() noexcept {
  const int fd = std::exchange(fd_, -1);
  struct stat info {};
  if (fd >= 0 && ::fstat(fd, &info) == 0 && is_mine(info)) ::close(fd);
}

Result<std::size_t> AnswerPipe::receive(std::span<std::byte> into) noexcept {
  const ssize_t n = fd_ >= 0 ? ::read(fd_, into.data(), into.size()) : 0;
  if (n > 0) return static_cast<std::size_t>(n);
  if (n == 0 || errno == EAGAIN || errno == EINTR) return std::make_error_code(std::errc::operation_would_block);
  return last_error();
}

}  // namespace dlt::detail
