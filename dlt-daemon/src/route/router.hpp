// Who gets a message: every sink, and while no client is connected the backlog.
//
// Clients come and go; a sink for storage stays. What waits for a gateway that is to come back gets what clients get,
// but is none: the backlog goes on beside it. Pure: time comes in, nothing is sent here but by the sinks. The io
// thread's. A client or a link is removed before it is destroyed; a sink for storage stays as long as anything is
// routed. No sink comes or goes while the router is going through them: not within accept() or push().
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
  // From now on the client gets what is routed; what it gets first is returned.
  [[nodiscard]] std::deque<FrameSpan> add_client(Sink& client);
  // `unsent`: what the client was still to be sent; the part at its front that stems from the backlog is `replayed`
  // spans long. What nobody has been sent goes back to the backlog.
  void remove_client(Sink& client, std::deque<FrameSpan> unsent, std::size_t replayed);

  // What it was still to be sent is gone.
  void drop_client(Sink& client) noexcept { std::erase(clients_, &client); }

  // A broken link (session/broken_links.hpp).
  void add_waiting(Sink& link) { waiting_.push_back(&link); }
  void remove_waiting(Sink& link) noexcept { std::erase(waiting_, &link); }

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
  void reconfigure(Replay replay, std::size_t backlog_capacity);

 private:
  Replay replay_;
  Backlog backlog_;
  std::vector<Sink*> clients_;
  std::vector<Sink*> storage_;
  std::vector<Sink*> waiting_;  // mostly none
  Volume total_;
};

}  // namespace dlt::daemon
