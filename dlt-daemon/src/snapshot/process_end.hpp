// How a process ended, as far as the kernel tells: from a descriptor that was taken while it was connected, so that its
// number cannot mean another process. The io thread's.
#pragma once

#include <optional>
#include <string>

#include "session/fd.hpp"

namespace dlt::daemon {

// Of the process at the other end of a Unix socket; nothing where the kernel has no such thing (before 6.5).
[[nodiscard]] Fd process_of(int socket) noexcept;

struct ProcessEnd {
  bool by_signal = false;
  int number = 0;  // of the signal, or the exit code
  // "signal 11 (SIGSEGV)", "exit 3"
  [[nodiscard]] std::string text() const;
};

// Nothing: nobody has asked for its end yet (its parent does so), or the kernel does not tell (before 6.15).
[[nodiscard]] std::optional<ProcessEnd> end_of(const Fd& process) noexcept;

// What a wait status means.
[[nodiscard]] ProcessEnd end_of_status(int status) noexcept;

}  // namespace dlt::daemon
