// The incumbent's FIFO: reads what all its programs write, and answers each through its own pipe.
//
//   FIFO -read-> slab -> FifoFramer -> frames -> counted, gathered into spans -> Router
//                                  \-> messages -> the process they name (FifoApplication, an AppConversation each)
//   reading --- hub is paused ---> waiting for resume() ---> reading         (rate limits as in AppSession)
//
// A message for whose meaning there is no memory is passed over and counted as refused; those behind it go on.
//
// Frames are not told apart by who wrote them: all that come by the FIFO are one source to the sinks. Messages that
// name no process (overflow, limits, marker) are those of the FIFO itself. A process that has ended is noticed when a
// write to its pipe fails, and by a look every `look_interval`: at its pipe and, where the kernel permits it, at the
// process. Then what it had registered is removed. The process ignores SIGPIPE.
//
// A frame with the library's default ECU id gets the daemon's. Owns the FIFO. The io thread's; kept alive by the hub
// and by its own pending waits.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "dlt/proto/fifo_framer.hpp"
#include "session/fifo_application.hpp"
#include "session/fifo_files.hpp"

namespace dlt::daemon {

class Hub;

class FifoSession : public std::enable_shared_from_this<FifoSession> {
 public:
  FifoSession(Hub& hub, FifoFiles files, SessionId session);

  void start();
  // Reads on after the hub has been paused.
  void resume();
  // Likewise, and looks after its applications again, should an error have ended that.
  void revive();
  // To one of its applications; nothing happens if that is another's. False: it is not sent. A level for which there is
  // no memory, or no room, is sent later.
  bool send(SessionId session, const proto::local::Message& message);
  void tell(const proto::local::LogState& state);
  void tell_levels();  // of all their contexts, with the next look
  // Nobody finds the FIFO any more; who has it open goes on writing.
  void remove_name() noexcept { files_.remove(); }
  // Receives what is there already, for an orderly end of the daemon.
  void drain();
  void close();

  [[nodiscard]] const std::string& path() const noexcept { return files_.path(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return files_.capacity(); }
  [[nodiscard]] std::size_t applications() const noexcept { return apps_.size(); }
  [[nodiscard]] std::uint64_t garbage_bytes() const noexcept { return garbage_bytes_; }
  [[nodiscard]] std::uint64_t unsent() const noexcept;  // messages to applications that do not read, or did not

  static constexpr auto look_interval = std::chrono::seconds(1);

 private:
  enum class Round : std::uint8_t { more, drained, paused, failed };
  struct Handler;

  void wait_readable();
  void wait_for_its_time(Clock::duration debt);
  void read_turn();
  Round receive(std::span<const std::byte>& carried);
  std::span<const std::byte> take(std::span<std::byte> bytes, bool drained);
  void on_message(proto::Bytes whole, const proto::local::Message& message, const SlabRef& slab, const Now& now);
  void say(AppConversation& to, FifoApplication* from, proto::Bytes whole, const SlabRef& slab, const Now& now);
  FifoApplication* arrive(pid_t pid, bool anew, const Now& now);
  FifoApplication* find(pid_t pid);
  void reattach(FifoApplication& app) const;
  void end(pid_t pid, const Now& now);
  void look_in(Clock::duration time);
  void look_soon(const FifoApplication& app);
  void look();
  void look_at_each();
  void send_levels(FifoApplication& app);

  Hub& hub_;
  FifoFiles files_;
  asio::posix::stream_descriptor fifo_;
  asio::steady_timer look_timer_;
  TokenBucket rate_;  // bytes
  asio::steady_timer rate_timer_;
  proto::local::FifoFramer framer_;
  AppConversation own_;  // what names no process
  std::map<pid_t, FifoApplication> apps_;
  std::map<SessionId, pid_t> sessions_;  // of apps_
  std::vector<std::byte> carry_;         // a message that is not whole yet, between two waits
  std::uint64_t garbage_bytes_ = 0;
  std::uint64_t unsent_ = 0;  // of those that have left
  bool drained_ = true;       // the framer has been told that there is nothing behind carry_
  bool waiting_ = false;      // for the FIFO to be readable
  bool looks_soon_ = false;   // an application's pipe was full
  bool looks_ = false;        // look_timer_ runs
};

}  // namespace dlt::daemon
