// The one logging session of a process: start, observe, end.
//
// start() succeeds while no daemon is there: messages wait in the buffers. Before start and after the end log calls
// are cheap no-ops. All functions may be called from any thread; none of them is meant for the hot path.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dlt/detail/export.hpp"
#include "dlt/options.hpp"
#include "dlt/stats.hpp"

namespace dlt {

// A file that the daemon has made of the flight recorder, or why it has not.
struct Snapshot {
  std::string path{};     // at the daemon
  std::string problem{};  // empty: it is written
  [[nodiscard]] explicit operator bool() const noexcept { return problem.empty(); }
};

// Owns the session: its end flushes (bounded by Options::exit_flush) and stops the sender.
class DLT_EXPORT Session {
 public:
  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Waits until everything that was accepted before the call has been handed to the daemon.
  // False when the limit passed first; nothing is lost by that. It asks for no memory: a handler of a fatal signal may
  // call it.
  bool flush(std::chrono::milliseconds limit) noexcept;

  [[nodiscard]] Stats stats() const;
  [[nodiscard]] bool connected() const noexcept;

  // Changes what a buffer does when it is full, from the next full moment on. Errc::invalid_argument: no such buffer.
  std::error_code set_overflow(std::uint32_t buffer, OverflowMode mode) noexcept;
  std::error_code set_overflow(std::uint32_t buffer, OverflowMode mode, std::chrono::milliseconds timeout) noexcept;

  // Has the daemon write the flight recorder (Options::recorder_level) into a file, and waits for that, at most
  // `limit`: the calling thread alone, log calls go on. `reason` stands in the file and in its name; cut at 255 bytes.
  // Not in a callback.
  [[nodiscard]] Snapshot snapshot(std::string_view reason, std::chrono::milliseconds limit);

  // Prints every message to stdout from now on, or not.
  void set_local_print(LocalPrint mode) noexcept;

 private:
  friend DLT_EXPORT Result<Session> start(const Options&);
  Session() = default;
  void end() noexcept;
  bool owner_ = false;
};

// Starts logging for this process. Errc::invalid_argument (the field is named on stderr), Errc::already_started (always
// in a callback).
[[nodiscard]] DLT_EXPORT Result<Session> start(const Options& options);

}  // namespace dlt
