// SIGINT, SIGTERM and SIGHUP ask a tool to stop: it finishes what it has in hand, so that no file is torn. A second
// signal of the kind ends the process. SIGPIPE and SIGXFSZ become errors of the calls they belong to.
//
// One object per process, made first by the main thread; asked() and fd() by the same thread.
#pragma once

#include "session/fd.hpp"

namespace dlt::tools {

class Stop {
 public:
  Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  [[nodiscard]] bool asked() const noexcept;
  // Readable once asked, for poll().
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  // Waits until `other` is ready for `events`, until asked, or for so many milliseconds (-1: for ever). True: `other`
  // is ready and nobody has asked to stop.
  [[nodiscard]] bool wait_for(int other, short events, int milliseconds = -1) const noexcept;

 private:
  daemon::Fd event_;
};

}  // namespace dlt::tools
