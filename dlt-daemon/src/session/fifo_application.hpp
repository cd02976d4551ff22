// One process that logs through the incumbent's FIFO: what it has said of itself, and the pipe back to it.
//
//   to say --> out_ --write, as much as the pipe takes--> <directory>/dltpipes/dlt<PID>
//                ^ full: kept up to a limit and tried again; levels beyond that are sent anew later, the rest is
//                counted
//
// Nothing here waits. The pid is what the process said; nobody vouches for it. The io thread's.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "session/app_conversation.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

class FifoApplication {
 public:
  FifoApplication(Exchange& exchange, const Source& source) noexcept : conversation_(exchange, source) {}

  [[nodiscard]] AppConversation& conversation() noexcept { return conversation_; }
  [[nodiscard]] pid_t pid() const noexcept { return conversation_.source().pid; }
  [[nodiscard]] SessionId session() const noexcept { return conversation_.session(); }
  // The ids that it has registered and not unregistered.
  [[nodiscard]] std::set<AppId>& ids() noexcept { return ids_; }

  // The pipe that has its name now. False: it is another than before, so this is another process.
  [[nodiscard]] bool attach(Fd pipe);
  [[nodiscard]] bool attached() const noexcept { return static_cast<bool>(pipe_); }

  // False: it is not sent. Without memory, or room, a level is sent later, anything else counts as unsent; without
  // memory an injection throws.
  bool send(const proto::local::Message& message);
  bool send(proto::Bytes encoded, bool level);
  // Some may have changed that it was not told of.
  void miss_levels() noexcept { levels_missed_ = true; }
  // Writes what has been waiting.
  void flush();
  [[nodiscard]] bool waits() const noexcept { return !out_.empty() && !gone_; }
  // There was no room for a level; everything has room again. Asking ends it.
  [[nodiscard]] bool wants_levels() noexcept { return pipe_ && out_.empty() && std::exchange(levels_missed_, false); }
  [[nodiscard]] std::uint64_t unsent() const noexcept { return unsent_; }  // messages other than levels

  // Whether it has ended. put_watch() adds what poll() has to look at; then look() is shown the same.
  void put_watch(std::vector<pollfd>& watched) const;
  [[nodiscard]] bool look(const pollfd* watched) noexcept;
  [[nodiscard]] std::size_t watches() const noexcept { return (pipe_ ? 1U : 0U) + (process_ ? 1U : 0U); }
  [[nodiscard]] bool gone() const noexcept { return gone_; }

  static constexpr std::size_t out_limit = 128 * 1024;  // bytes waiting for a program that does not read

 private:
  void watch_process(uid_t owner) noexcept;

  AppConversation conversation_;
  std::set<AppId> ids_;
  Fd pipe_;
  Fd process_;         // pidfd; none where that is not permitted, or the process is not one that is seen from here
  bool seen_ = false;  // there is a process of that number
  dev_t device_ = 0;   // of the pipe, as is the next
  ino_t inode_ = 0;
  std::vector<std::byte> out_;
  bool levels_missed_ = false;
  bool gone_ = false;
  std::uint64_t unsent_ = 0;
};

}  // namespace dlt::daemon
