// A program on the incumbent's library, played with raw bytes: writes into the FIFO, reads its own pipe. The pid is
// what it says of itself; there need not be such a process. Each wait has a deadline. One thread per object.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <string>

#include "dlt-daemon/support/wire.hpp"
#include "session/fd.hpp"
#include "support/deadline.hpp"

namespace dlt::test {

class OldApplication {
 public:
  OldApplication(const std::string& directory, std::int32_t pid)
      : pid_(pid), name_(directory + "/dltpipes/dlt" + std::to_string(pid)) {
    ::unlink(name_.c_str());
    if (::mkfifo(name_.c_str(), 0660) != 0) throw std::runtime_error("no pipe " + name_);
    pipe_.reset(::open(name_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    fifo_.reset(::open((directory + "/dlt").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fifo_) throw std::runtime_error("nobody reads the FIFO in " + directory);
  }
  ~OldApplication() { ::unlink(name_.c_str()); }
  OldApplication(const OldApplication&) = delete;
  OldApplication& operator=(const OldApplication&) = delete;

  // One write, as the library makes it; false: the FIFO takes it not, or only a part.
  [[nodiscard]] bool try_send(const std::string& bytes) const {
    return ::write(fifo_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  }
  [[nodiscard]] bool send(const std::string& bytes) const {
    return eventually([&] { return try_send(bytes); });
  }
  [[nodiscard]] bool sign_up(AppId app = "APP1", std::initializer_list<ContextId> contexts = {"CTX1"},
                             std::int8_t level = -2) const {
    std::string all = encoded(proto::local::RegisterApplication{app, pid_, "an old application"});
    std::int32_t position = 0;
    for (const ContextId c : contexts)
      all += encoded(
          proto::local::RegisterContext{app, c, position++, level, level < 0 ? level : std::int8_t{0}, pid_, "old"});
    return send(all);
  }
  // The next message of the daemon: its header and the body that belongs to it; empty at the deadline.
  std::string told() {
    std::size_t used = 0;
    while (!proto::local::decode(proto::as_bytes(heard_), used)) {
      pollfd ready{pipe_.get(), POLLIN, 0};
      const int limit = static_cast<int>(std::chrono::milliseconds(patience).count());
      std::string more(64 * 1024, '\0');
      if (::poll(&ready, 1, limit) <= 0) return {};
      const auto n = ::read(pipe_.get(), more.data(), more.size());
      if (n > 0) heard_.append(more, 0, static_cast<std::size_t>(n));
    }
    const std::string one = heard_.substr(0, used);
    heard_.erase(0, used);
    return one;
  }
  // Passes over what the daemon says until it is this.
  bool told(const proto::local::Message& what) {
    const std::string wanted = encoded(what);
    for (;;) {
      const std::string one = told();
      if (one.empty() || one == wanted) return !one.empty();
    }
  }
  // Its end, as the kernel makes it: nobody reads the pipe any more.
  void die() { pipe_.reset(); }
  [[nodiscard]] std::int32_t pid() const { return pid_; }
  [[nodiscard]] int pipe() const { return pipe_.get(); }

 private:
  std::int32_t pid_;
  std::string name_;
  daemon::Fd pipe_;
  daemon::Fd fifo_;
  std::string heard_;
};

}  // namespace dlt::test
