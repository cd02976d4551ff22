// Who gets a message: every sink, and while no client is connected the backlog.
//
// Clients come and go; a sink for storage stays. What waits for a gateway that is to come back gets what clients get,
// but is none: the backlog goes on beside it. Only what is older than its link stays there for it:
//
//   the link of a gateway    not there    connected                        waited for
//   routed since it began    -            its client's, as any client's    its own, and the backlog's or other clients'
//   older, in the backlog    anybody's    taken at once                    nobody else's
//
// So whatever the backlog gives to a connection before it goes on with a link, the link has as well.
//
// Pure: time comes in, nothing is sent here but by the sinks. The io thread's. A client or a link is removed before it
// is destroyed; a sink for storage stays as long as anything is routed. No sink comes or goes while the router is going
// through them: not within accept() or push().
#pragma once

#include <vector>

#include "route/backlog.hpp"
#include "route/sink.hpp"

namespace dlt::daemon {

// What a client that connects gets from the backlog.
enum class Replay : std::uint8_t {
  unread,  // what no client has been sent yet; a viewer that reconnects sees nothing twice
  always,  // the newest messages, to each client that connects
};

class Router {
 public:
  Router(Replay replay, std::size_t backlog_capacity) : replay_(replay), backlog_(backlog_capacity) {}

  void add_storage(Sink& sink) { storage_.push_back(&sink); }
  // From now on the client gets what is routed; what it gets first is returned. Throws std::bad_alloc; then nothing has
  // changed.
  [[nodiscard]] std::deque<FrameSpan> add_client(Sink& client);
  // `unsent`: what the client was still to be sent. What came before any client that is there now goes back to the
  // backlog.
  void remove_client(Sink& client, std::deque<FrameSpan>&& unsent) noexcept;
  // What it was still to be sent is gone.
  void drop_client(Sink& client) noexcept { remove(clients_, client); }
  // Of what it is still to be sent, no other client has what was routed up to there.
  [[nodiscard]] std::uint64_t has_alone(const Sink& client) const noexcept;
  // Nobody has got these, and there is no copy of them but in a backlog that keeps everything.
  void lose(Volume missed) noexcept;

  // What had been routed (total().bytes) when this client came.
  [[nodiscard]] std::uint64_t since(const Sink& client) const noexcept;
  // It has a link that began when so much had been routed: what came since is taken care of, what is older, and in the
  // backlog, is returned.
  [[nodiscard]] std::deque<FrameSpan> begin_link(const Sink& client, std::uint64_t since);
  // A broken link (session/broken_links.hpp) that began when so much had been routed.
  void add_waiting(Sink& link, std::uint64_t since) { waiting_.push_back({&link, since}); }
  void remove_waiting(Sink& link) noexcept { remove(waiting_, link); }
  // What is in the backlog and older than a link.
  [[nodiscard]] std::deque<FrameSpan> take_older(std::uint64_t than);
  // What is older than a link that is over, and was still to be sent; or what add_client() returned and is not sent.
  void give_back(std::deque<FrameSpan>&& unsent) noexcept;

  // Needs no memory of its own, and a sink that has none deals with that itself: nobody gets a part of it.
  void route(FrameSpan span, Clock::time_point now) noexcept;
  // To the clients that are connected, and those that are waited for, and to nobody else.
  void notify(const FrameSpan& span, Clock::time_point now) noexcept;
  // Lets each sink start writing.
  void push();
  // True while a sink asks that applications are not read.
  [[nodiscard]] bool holds_back(Clock::time_point now);
  // Up to where what was routed (total().bytes) has gone through every sink of a kind. The backlog does not count: it
  // is no more than this process's memory.
  struct Settled {
    std::uint64_t clients;
    std::uint64_t storage;
  };
  [[nodiscard]] Settled settled() const noexcept;

  [[nodiscard]] std::size_t clients() const noexcept { return clients_.size(); }
  [[nodiscard]] const Backlog& backlog() const noexcept { return backlog_; }
  [[nodiscard]] Volume total() const noexcept { return total_; }
  // Throws std::bad_alloc; then nothing has changed.
  void reconfigure(Replay replay, std::size_t backlog_capacity);

 private:
  struct Taker {
    Sink* sink;
    std::uint64_t since;  // gets all that was routed behind
  };
  static void remove(std::vector<Taker>& from, const Sink& sink) noexcept {
    std::erase_if(from, [&](const Taker& t) { return t.sink == &sink; });
  }
  [[nodiscard]] std::deque<FrameSpan> kept_by_anybody() const;
  // Up to there the backlog waits with the links.
  [[nodiscard]] std::uint64_t kept_for_links() const noexcept;

  Replay replay_;
  Backlog backlog_;
  std::vector<Taker> clients_;
  std::vector<Sink*> storage_;
  std::vector<Taker> waiting_;  // mostly none
  Volume total_;
};

}  // namespace dlt::daemon
