// What has been refused to peers, by reason: counted exactly, told to the daemon's log in moderation.
//
// A flood of refusals must not become a flood of log lines: of each reason a few lines come at once and then one a
// second; each tells how many there have been. The io thread's.
#pragma once

#include <fmt/format.h>

#include <array>
#include <new>
#include <string_view>

#include "route/token_bucket.hpp"

namespace dlt::daemon {

enum class Refusal : std::uint8_t {
  connections,            // an application's connection: as many as the daemon serves are there
  connections_per_user,   // likewise: as many as one user may have
  handshakes,             // a connection that has not said anything sensible had to make room, or took too long
  clients,                // a client's connection: as many as the daemon serves are there
  status,                 // a connection to the control socket
  applications,           // an application id: as many as the daemon knows are there
  applications_per_user,  // likewise: as many as one user may have
  contexts,               // a context: as many as the daemon knows are there
  contexts_per_user,      // likewise: as many as one user may have
  foreign_id,             // something was said in the name of an application that belongs to another user
  foreign_messages,       // log messages in such a name; they go nowhere
  memory,                 // shared memory of an application that is not as it should be
  rubbish,                // a connection that was ended because too much of what it sent means nothing
  starved,                // a connection that was ended because there was no memory for what it needed
  unread,                 // an injection, or an answer, for an application that does not read what waits for it
};
inline constexpr std::size_t refusal_reasons = 15;
// As the status names it.
[[nodiscard]] std::string_view name(Refusal why) noexcept;

class Refusals {
 public:
  using Clock = TokenBucket::Clock;

  // Counts `n` and, if it is time for a line of this reason, logs what fmt makes of the rest; without memory for the
  // line it is left out.
  template <class... Args>
  void add(Refusal why, std::uint64_t n, Clock::time_point now, fmt::format_string<Args...> format, Args&&... args) {
    Reason& reason = reasons_[static_cast<std::size_t>(why)];
    reason.count += n;
    if (!reason.lines.try_take(now)) return;
    try {
      tell(why, fmt::format(format, std::forward<Args>(args)...));
    } catch (const std::bad_alloc&) {  // it has been counted
    }
  }

  [[nodiscard]] std::uint64_t count(Refusal why) const noexcept {
    return reasons_[static_cast<std::size_t>(why)].count;
  }

 private:
  struct Reason {
    std::uint64_t count = 0;
    TokenBucket lines{1, 5};
  };
  void tell(Refusal why, std::string_view what) const;

  std::array<Reason, refusal_reasons> reasons_;
};

}  // namespace dlt::daemon
