// While it lives, a write of this thread into a pipe that nobody reads costs nobody a SIGPIPE: the signal is blocked,
// and taken away where it was not pending before. For descriptors that know no MSG_NOSIGNAL. Any thread, also one of
// the application; its mask is as before afterwards.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <cerrno>

namespace dlt::detail {

class SigpipeGuard {
 public:
  SigpipeGuard() noexcept {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeGuard() {
    const timespec at_once{};
    if (raised_ && !was_pending_)
      while (sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

  void on_broken_pipe() noexcept { raised_ = true; }  // a write has said EPIPE

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
  bool raised_ = false;
};

}  // namespace dlt::detail
