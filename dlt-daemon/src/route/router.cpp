#include "route/router.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace dlt::daemon {

std::deque<FrameSpan> Router::add_client(Sink& client) {
  clients_.reserve(clients_.size() + 1);
  auto first = replay_ == Replay::always ? backlog_.spans()
               : waiting_.empty()        ? backlog_.take()
                                         : backlog_.take_behind(kept_for_links());
  clients_.push_back({&client, total_.bytes});
  return first;
}

std::uint64_t Router::kept_for_links() const noexcept {
  std::uint64_t kept = 0;
  for (const Taker& link : waiting_) kept = std::max(kept, link.since);
  return kept;
}

std::uint64_t Router::has_alone(const Sink& client) const noexcept {
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  for (const Taker& other : clients_)
    if (other.sink != &client) first = std::min(first, other.since);
  return first;
}

void Router::remove_client(Sink& client, std::deque<FrameSpan>&& unsent) noexcept {
  std::erase_if(unsent, [first = has_alone(client)](const FrameSpan& span) { return span.routed > first; });
  drop_client(client);
  give_back(std::move(unsent));
}

void Router::lose(Volume missed) noexcept {
  if (replay_ != Replay::always) backlog_.lose(missed);
}

std::uint64_t Router::since(const Sink& client) const noexcept {
  const auto it = std::find_if(clients_.begin(), clients_.end(), [&](const Taker& t) { return t.sink == &client; });
  return it == clients_.end() ? total_.bytes : it->since;
}

std::deque<FrameSpan> Router::begin_link(const Sink& client, std::uint64_t since) {
  for (Taker& t : clients_)
    if (t.sink == &client) t.since = since;
  if (replay_ == Replay::unread) (void)backlog_.take_behind(std::max(since, kept_for_links()));
  return take_older(since);
}

std::deque<FrameSpan> Router::take_older(std::uint64_t than) {
  if (replay_ == Replay::always) return {};
  return backlog_.take_up_to(than);
}

void Router::give_back(std::deque<FrameSpan>&& unsent) noexcept {
  if (replay_ == Replay::always) return;  // the backlog has everything
  backlog_.put_back(std::move(unsent));
}

void Router::route(FrameSpan span, Clock::time_point now) noexcept {
  total_.add(span);
  span.routed = total_.bytes;
  for (Sink* sink : storage_) sink->accept(span, now);
  if (span.stored_only) return;
  for (const Taker& client : clients_) client.sink->accept(span, now);
  for (const Taker& link : waiting_) link.sink->accept(span, now);
  if (clients_.empty() || replay_ == Replay::always) backlog_.push(std::move(span));
}

void Router::notify(const FrameSpan& span, Clock::time_point now) noexcept {
  for (const Taker& client : clients_) client.sink->accept(span, now);
  for (const Taker& link : waiting_) link.sink->accept(span, now);
}

void Router::push() {
  for (Sink* sink : storage_) sink->push();
  for (const Taker& client : clients_) client.sink->push();
}

bool Router::holds_back(Clock::time_point now) {
  bool holds = false;
  for (Sink* sink : storage_) holds |= sink->holds_back(now);
  for (const Taker& client : clients_) holds |= client.sink->holds_back(now);
  return holds;
}

Router::Settled Router::settled() const noexcept {
  Settled settled{total_.bytes, total_.bytes};
  for (const Taker& client : clients_) settled.clients = std::min(settled.clients, client.sink->settled());
  for (const Sink* sink : storage_) settled.storage = std::min(settled.storage, sink->settled());
  return settled;
}

// What is in the backlog, or still to be sent to whoever is there or is waited for; each message once: of what was
// routed at once all have the end of it, and one has most.
std::deque<FrameSpan> Router::kept_by_anybody() const {
  struct Share {
    std::deque<FrameSpan> spans;
    std::size_t bytes = 0;
  };
  std::map<std::uint64_t, Share> most;  // by where it was routed
  const auto look_at = [&](const std::deque<FrameSpan>& all) {
    std::map<std::uint64_t, Share> shares;
    for (const FrameSpan& span : all) {
      Share& share = shares[span.routed];
      share.spans.push_back(span);
      share.bytes += span.size;
    }
    for (auto& [routed, share] : shares)
      if (Share& known = most[routed]; share.bytes > known.bytes) known = std::move(share);
  };
  look_at(backlog_.spans());
  for (const Taker& client : clients_) look_at(client.sink->unsent_messages());
  for (const Taker& link : waiting_) look_at(link.sink->unsent_messages());
  std::deque<FrameSpan> all;
  for (const auto& [routed, share] : most) all.insert(all.end(), share.spans.begin(), share.spans.end());
  return all;
}

void Router::reconfigure(Replay replay, std::size_t backlog_capacity) {
  if (replay_ == Replay::unread && replay == Replay::always)  // from now on nothing is given back
    backlog_.replace(kept_by_anybody());
  if (replay_ == Replay::always && replay == Replay::unread)  // who is there has been given what is there
    (void)backlog_.take_up_to(clients_.empty() ? kept_for_links() : total_.bytes);
  replay_ = replay;
  backlog_.set_capacity(backlog_capacity);
}

}  // namespace dlt::daemon
