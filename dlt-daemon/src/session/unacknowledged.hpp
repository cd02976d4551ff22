// What a link to a gateway has carried and the gateway has not acknowledged: frames in the order of their numbers,
// which count from 1 over all connections of the link.
//
//   1 ............ acknowledged | kept ................ written | not written yet
//
// Bounded by who writes, who stops while full(). A link that is over gives up its spans and remembers only how many
// messages they had, so that a gateway that comes too late can be told exactly what it missed. What there was no memory
// to keep is only counted, and the link cannot go on then. Moving it needs no memory.
// Pure; the io thread's.
#pragma once

#include <array>
#include <deque>
#include <limits>
#include <list>
#include <vector>

#include "route/message.hpp"

namespace dlt::daemon {

class Unacknowledged {
 public:
  static constexpr std::size_t limit = 4 << 20;  // bytes; more are not under way on a link

  // These frames have gone out whole.
  void wrote(FrameSpan span) noexcept;
  // All that has been written is kept.
  [[nodiscard]] bool whole() const noexcept { return hole_ == no_hole; }
  // All up to `received` have come. False: that makes no sense, they have not been written.
  [[nodiscard]] bool acknowledge(std::uint64_t received);
  // A gateway may go on behind `received`.
  [[nodiscard]] bool knows(std::uint64_t received) const noexcept {
    return received >= acknowledged_ && received <= written_;
  }
  // What has been written behind `received`, to be written again; it counts as not written from now on. Where knows()
  // and whole(). Throws std::bad_alloc; then nothing has changed.
  [[nodiscard]] std::deque<FrameSpan> take_behind(std::uint64_t received);

  // Lets go of the spans. `own`: the ECU id of this daemon.
  void give_up(EcuId own) noexcept;
  // Messages behind `received` that were given up, and those that were lost before and told there; what else the daemon
  // itself had to say does not count. Where knows(), and after give_up().
  [[nodiscard]] std::uint64_t lost_behind(std::uint64_t received) const noexcept;

  // Messages that have been written and are not acknowledged.
  [[nodiscard]] std::uint64_t messages() const noexcept;

  [[nodiscard]] bool full() const noexcept { return bytes_ >= limit; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

 private:
  struct Run {  // of frames that were given up
    std::uint64_t frames = 0;
    bool own = false;
    std::uint64_t told = 0;  // by an own one that tells of a loss; that is a run alone
  };
  void pop_front() noexcept;
  void note_in_hole(const FrameSpan& span, std::uint64_t begin) noexcept;
  [[nodiscard]] std::uint64_t in_hole_behind(std::uint64_t received) const noexcept;

  static constexpr std::uint64_t no_hole = std::numeric_limits<std::uint64_t>::max();

  std::list<FrameSpan> kept_;  // the first may have frames that are acknowledged
  std::uint64_t before_ = 0;   // frames before kept_
  std::uint64_t written_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::size_t bytes_ = 0;  // of kept_
  std::vector<Run> given_up_;
  std::uint64_t hole_ = no_hole;            // what was written behind it is not kept
  std::array<std::uint64_t, 16> own_at_{};  // frames of the daemon's own behind it; more count as messages
  std::size_t own_in_hole_ = 0;
};

}  // namespace dlt::daemon
