// The signal that asks for a snapshot (Options::recorder_signal). The handler sets a flag and wakes the sender, no
// more. Under the core's lifecycle lock.
#pragma once

#include <signal.h>

#include <system_error>

namespace dlt::detail {

class SnapshotSignal {
 public:
  // Takes the signal, if the program has not: a handler of the program's own stays, and that is an error.
  [[nodiscard]] std::error_code install(int signal) noexcept;
  // Gives it back, unless somebody else has taken it meanwhile.
  void restore() noexcept;

 private:
  int signal_ = 0;  // 0: none is taken
  struct sigaction before_ {};
};

}  // namespace dlt::detail
