#include "route/router.hpp"

#include <algorithm>
#include <utility>

namespace dlt::daemon {

std::deque<FrameSpan> Router::add_client(Sink& client) {
  clients_.push_back(&client);
  return replay_ == Replay::always ? backlog_.spans() : backlog_.take();
}

void Router::remove_client(Sink& client, std::deque<FrameSpan> unsent, std::size_t replayed) {
  std::erase(clients_, &client);
  if (replay_ == Replay::always) return;  // the backlog has everything
  // Other clients have been given what came while they were there, but not what was taken from the backlog.
  if (!clients_.empty() && replayed < unsent.size()) unsent.resize(replayed);
  backlog_.put_back(std::move(unsent));
}

void Router::route(FrameSpan span, Clock::time_point now) noexcept {
  total_.add(span);
  span.routed = total_.bytes;
  for (Sink* sink : storage_) sink->accept(span, now);
  if (span.stored_only) return;
  for (Sink* client : clients_) client->accept(span, now);
  for (Sink* link : waiting_) link->accept(span, now);
  if (clients_.empty() || replay_ == Replay::always) backlog_.push(std::move(span));
}

void Router::notify(const FrameSpan& span, Clock::time_point now) noexcept {
  for (Sink* client : clients_) client->accept(span, now);
  for (Sink* link : waiting_) link->accept(span, now);
}

void Router::push() {
  for (Sink* sink : storage_) sink->push();
  for (Sink* client : clients_) client->push();
}

bool Router::holds_back(Clock::time_point now) {
  bool holds = false;
  for (Sink* sink : storage_) holds |= sink->holds_back(now);
  for (Sink* client : clients_) holds |= client->holds_back(now);
  return holds;
}

Router::Settled Router::settled() const noexcept {
  Settled settled{total_.bytes, total_.bytes};
  for (const Sink* client : clients_) settled.clients = std::min(settled.clients, client->settled());
  for (const Sink* sink : storage_) settled.storage = std::min(settled.storage, sink->settled());
  return settled;
}

void Router::reconfigure(Replay replay, std::size_t backlog_capacity) {
  replay_ = replay;
  backlog_.set_capacity(backlog_capacity);
}

}  // namespace dlt::daemon
