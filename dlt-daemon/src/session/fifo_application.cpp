#include "session/fifo_application.hpp"

#include <cerrno>
#include <csignal>
#include <new>
#include <string>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlt::daemon {

bool FifoApplication::attach(Fd pipe) {
  struct stat info {};
  if (::fstat(pipe.get(), &info) != 0) return true;
  if (pipe_) return info.st_dev == device_ && info.st_ino == inode_;
  device_ = info.st_dev;
  inode_ = info.st_ino;
  pipe_ = std::move(pipe);
  watch_process(info.st_uid);
  return true;
}

// A process in another namespace of pids has the pipe alone; its number may be that of somebody else's process here, of
// another user as a rule.
void FifoApplication::watch_process(uid_t owner) noexcept {
  struct stat info {};
  const std::string process = "/proc/" + std::to_string(pid());
  if (::stat(process.c_str(), &info) != 0 || info.st_uid != owner) return;
  seen_ = true;
  process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid(), 0)));
}

bool FifoApplication::send(const proto::local::Message& message) {
  const bool level = std::holds_alternative<proto::local::LogLevel>(message);
  try {
    std::vector<std::byte> encoded;
    AppConversation::append(encoded, message);
    return send(encoded, level);
  } catch (const std::bad_alloc&) {
    if (std::holds_alternative<proto::local::Injection>(message)) throw;  // who injects is told
    levels_missed_ |= level;
    unsent_ += level ? 0 : 1;
    return false;
  }
}

bool FifoApplication::send(proto::Bytes encoded, bool level) {
  if (encoded.empty() || gone_) return false;
  if (!pipe_ || out_.size() + encoded.size() > out_limit) {
    levels_missed_ |= level;
    unsent_ += level ? 0 : 1;
    return false;
  }
  out_.insert(out_.end(), encoded.begin(), encoded.end());
  flush();
  return !gone_;
}

void FifoApplication::flush() {
  std::size_t sent = 0;
  while (pipe_ && !gone_ && sent < out_.size()) {
    const auto n = ::write(pipe_.get(), out_.data() + sent, out_.size() - sent);
    if (n > 0) sent += static_cast<std::size_t>(n);
    else if (n < 0 && errno == EINTR) continue;
    else if (n < 0 && errno == EAGAIN) break;
    else gone_ = true;  // nobody reads it any more
  }
  out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void FifoApplication::put_watch(std::vector<pollfd>& watched) const {
  if (pipe_) watched.push_back({pipe_.get(), 0, 0});
  if (process_) watched.push_back({process_.get(), POLLIN, 0});
}

bool FifoApplication::look(const pollfd* watched) noexcept {
  if (pipe_) gone_ |= ((watched++)->revents & POLLERR) != 0;
  if (process_) gone_ |= (watched->revents & POLLIN) != 0;
  else if (seen_ || !pipe_) gone_ |= ::kill(pid(), 0) != 0 && errno == ESRCH;
  return gone_;
}

}  // namespace dlt::daemon
