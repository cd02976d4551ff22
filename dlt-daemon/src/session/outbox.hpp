// What a client is still to be sent: spans in order, and how far the first one has gone.
//
//   replayed (from the backlog) | live messages, notices and replies, in the order in which they came
//
// On a link to a gateway (keep()) what has gone out is kept until it is acknowledged (session/unacknowledged.hpp),
// nothing goes out while too much is, and when the link breaks everything that it still owes is there.
//
// Bounded: only live messages and notices count against the capacity. They go in while Hold admits them. After that, in
// a time of dropping, live messages have room up to the limit from which a sink asks to hold; for what does not fit the
// connection pays that has most of that room (session/shares.hpp), the others go on. Once everything has gone out, the
// loss can be told (take_loss()). Replies are never dropped; their number is bounded by answering no more requests
// while reply_bytes() is high. Pure; the io thread's.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>

#include <sys/uio.h>

#include "dlt/proto/ids.hpp"
#include "route/hold.hpp"
#include "route/sink.hpp"
#include "session/shares.hpp"
#include "session/unacknowledged.hpp"

namespace dlt::daemon {

class Outbox {
 public:
  using Messages = std::map<AppId, std::uint64_t>;

  // `prefix`: bytes that stand before each frame of every span that comes in.
  explicit Outbox(Hold::Limits limits, std::size_t prefix = 0) : limits_(limits), prefix_(prefix), hold_(limits) {}

  // Without memory these throw, and have not changed anything; what is dropped may be known by number only then.
  void replay(const std::deque<FrameSpan>& spans);  // before anything else
  void owe(const std::deque<FrameSpan>& spans);     // behind everything; no reason to drop
  void push(const FrameSpan& span, Clock::time_point now);
  void reply(FrameSpan span);

  // Fills `out` with what to send next and returns the number of ranges; `bytes` becomes their sum, at most `limit`
  // unless the first range alone is larger.
  [[nodiscard]] std::size_t gather(std::span<iovec> out, std::size_t limit, std::size_t& bytes) const noexcept;
  // The first n bytes have been sent.
  void sent(std::size_t n);

  // A link begins, or goes on, with what has not gone out yet. Before that goes `first`, which opens the link, and then
  // `owed`, of an earlier connection. What goes out behind `first` is kept.
  // Throws std::bad_alloc; then there is no link, and nothing has changed.
  void keep(Unacknowledged kept, const std::deque<FrameSpan>& first, const std::deque<FrameSpan>& owed);
  // Before keep(), where `owed` has all of it: nothing is left to send but the rest of a frame that has begun.
  void discard();
  // The gateway has all up to `received`. False: there is no link, or that makes no sense.
  [[nodiscard]] bool acknowledge(std::uint64_t received);
  // The end of the link, here. Where there is one.
  [[nodiscard]] Unacknowledged take_kept() noexcept;
  [[nodiscard]] const Unacknowledged* kept() const noexcept { return kept_.get(); }  // nullptr: no link
  // For the next connection of a link, after take_kept(): frames that have not gone out whole, the daemon's own among
  // them; without prefixes.
  [[nodiscard]] std::deque<FrameSpan> unsent() const;
  // What has been dropped, and of that what has not been told.
  struct Losses {
    Volume dropped;
    Messages by_application;
    Messages untold;
  };
  [[nodiscard]] Losses losses() const;
  void go_on_with(Losses losses);

  // The application messages that are left at the end, without prefixes; what went out whole is not among them.
  [[nodiscard]] std::deque<FrameSpan> take_unsent();
  // How much of that was routed up to there; also where there is no memory for it.
  [[nodiscard]] Volume unsent_volume(std::uint64_t up_to) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_[0] + bytes_[1] + bytes_[2] + bytes_[3]; }
  [[nodiscard]] std::size_t reply_bytes() const noexcept { return bytes_[static_cast<std::size_t>(Kind::reply)]; }
  [[nodiscard]] Volume sent() const noexcept { return sent_; }  // application messages, as dropped()
  [[nodiscard]] Volume dropped() const noexcept { return dropped_; }
  // By the ids in the messages. Those beyond the first max_applications ids count for the empty id.
  [[nodiscard]] const Messages& dropped_by_application() const noexcept { return dropped_by_; }
  [[nodiscard]] bool holds(Clock::time_point now) noexcept;
  // As Sink::settled(). What came from the backlog was settled when it went there.
  [[nodiscard]] std::uint64_t settled() const noexcept {
    const bool waits = bytes_[static_cast<std::size_t>(Kind::live)] != 0 && hold_.state() != Hold::State::dropping;
    return waits ? settled_ : Sink::all_settled;
  }
  // Messages lost in a time of dropping that has ended; a loss is returned once.
  [[nodiscard]] Messages take_loss() noexcept { return std::exchange(loss_to_tell_, {}); }

  static constexpr std::size_t max_applications = 1024;

 private:
  enum class Kind : std::uint8_t { replayed, live, reply, owed };
  struct Entry {
    FrameSpan span;
    Kind kind;
  };
  void add(FrameSpan span, Kind kind);
  void add_all(const std::deque<FrameSpan>& spans, Kind kind);
  void add_fairly(const FrameSpan& span);
  void share_out();
  bool take_back(Shares::Source from);
  void drop(const FrameSpan& span);
  void count_dropped(AppId app, std::uint64_t messages);
  [[nodiscard]] std::size_t length_at(const std::byte* p) const noexcept { return prefix_ + frame_length(p + prefix_); }
  [[nodiscard]] FrameSpan rest_of(FrameSpan span, std::size_t gone) const noexcept;
  template <class Act>
  void for_each_unprefixed(FrameSpan span, Act&& act) const;
  void add_unsent(FrameSpan span, std::deque<FrameSpan>& unsent) const;
  void cut_front() noexcept;
  bool part_front();
  void keep_front() noexcept;
  void keep_sent(FrameSpan span) noexcept;
  std::size_t& bytes_of(Kind kind) noexcept { return bytes_[static_cast<std::size_t>(kind)]; }

  const Hold::Limits limits_;
  const std::size_t prefix_;
  Hold hold_;
  std::deque<Entry> entries_;
  std::size_t front_sent_ = 0;          // bytes of the first entry that have gone
  std::array<std::size_t, 4> bytes_{};  // still to send, by kind
  std::uint64_t settled_ = 0;           // of the last live message that has gone, while there are others
  Volume sent_;
  Volume dropped_;
  Messages dropped_by_;
  std::unique_ptr<Unacknowledged> kept_;  // of a link; without one nothing is kept
  std::size_t unnumbered_ = 0;            // entries at the front that are not of the link
  // Of the present time of dropping.
  Shares shares_;
  Messages dropping_;
  Messages loss_to_tell_;  // of the last ones
};

}  // namespace dlt::daemon
