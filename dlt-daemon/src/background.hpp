// Puts the process into the background, for those who start the daemon by hand or from a script (-d).
//
//   enter()   fork; the parent waits until the child serves or has ended, and ends with the exit code that says which
//   serving() the child lets go of the terminal and of its parent
//
// Before any thread is started; `serving` once.
#pragma once

#include "session/fd.hpp"

namespace dlt::daemon {

class Background {
 public:
  // Returns in the child only. An empty object if there could be no child, which errno tells.
  [[nodiscard]] static Background enter();
  void serving();

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(parent_); }

 private:
  Fd parent_;  // a byte through here: it serves
};

}  // namespace dlt::daemon
