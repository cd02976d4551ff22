#include "session/broken_links.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "session/told_loss.hpp"

namespace dlt::daemon {

namespace {

std::uint64_t messages_in(const std::deque<FrameSpan>& spans) noexcept {
  std::uint64_t messages = 0;
  for (const FrameSpan& span : spans) messages += span.own ? 0 : span.frames;
  return messages;
}
std::uint64_t untold(const Outbox::Losses& losses) noexcept {
  std::uint64_t all = 0;
  for (const auto& [app, messages] : losses.untold) all += messages;
  return all;
}

}  // namespace

std::uint64_t BrokenLink::Left::messages() const noexcept {
  return kept.messages() + messages_in(unsent) + untold(losses);
}

// What was to be told of losses and was not sent is told by the next connection: here it might have to make room.
BrokenLink::BrokenLink(Router& router, EcuId own, GatewayId gateway, Left left, std::size_t capacity,
                       Clock::time_point since)
    : router_(router),
      own_(own),
      gateway_(gateway),
      since_(since),
      kept_(std::move(left.kept)),
      queue_(capacity),
      losses_(std::move(left.losses)) {
  std::erase_if(left.unsent, [&](const FrameSpan& span) {
    const ToldLoss loss = loss_in(span, own_);
    if (loss.messages != 0) losses_.untold[loss.app] += loss.messages;
    return loss.messages != 0;
  });
  queue_.put_back(std::move(left.unsent));
  router_.add_waiting(*this, gateway_.begun);
}

void BrokenLink::accept(const FrameSpan& span, Clock::time_point) { queue_.push(span); }

void BrokenLink::stop_waiting() noexcept {
  if (std::exchange(waiting_, false)) router_.remove_waiting(*this);
}

std::deque<FrameSpan> BrokenLink::unsent_messages() const {
  std::deque<FrameSpan> older;
  for (const FrameSpan& span : queue_.spans())
    if (is_older(span)) older.push_back(span);
  return older;
}

void BrokenLink::give_up() noexcept {
  stop_waiting();
  kept_.give_up(own_);
  try {
    auto unsent = queue_.take();
    std::erase_if(unsent, [&](const FrameSpan& span) { return !is_older(span); });
    router_.give_back(std::move(unsent));
  } catch (const std::bad_alloc&) {
    Volume lost;
    for (const FrameSpan& span : queue_.spans())
      if (is_older(span)) lost.add(span);
    router_.lose(lost);
    queue_.clear();
  }
}

std::uint64_t BrokenLink::owed() const noexcept {
  return lost() + kept_.messages() + messages_in(queue_.spans()) + untold(losses_);
}

std::uint64_t BrokenLink::missed_behind(std::uint64_t received) const noexcept {
  return lost() + kept_.lost_behind(received) + untold(losses_);
}

void BrokenLinks::put(GatewayId gateway, BrokenLink::Left&& left, std::size_t capacity,
                      Clock::time_point now) noexcept {
  if (const auto earlier = extract(gateway.link)) forget(*earlier);
  const std::uint64_t owed = left.messages();
  const bool may_go_on = left.kept.whole();
  try {
    links_.reserve(links_.size() + 1);
    links_.push_back(std::make_unique<BrokenLink>(router_, own_, gateway, std::move(left), capacity, now));
  } catch (const std::bad_alloc&) {
    return forget(owed);
  }
  if (!may_go_on) links_.back()->give_up();
  limit();
}

void BrokenLinks::limit() noexcept {
  const auto waits = [](const auto& l) { return l->waiting(); };
  if (std::count_if(links_.begin(), links_.end(), waits) > long{most_waiting})
    (*std::find_if(links_.begin(), links_.end(), waits))->give_up();
  if (links_.size() <= most) return;
  const auto least = std::min_element(links_.begin(), links_.end(), [](const auto& a, const auto& b) {
    return std::pair(a->waiting(), a->missed()) < std::pair(b->waiting(), b->missed());
  });
  forget(**least);
  links_.erase(least);
}

void BrokenLinks::forget(BrokenLink& link) noexcept {
  if (link.waiting()) link.give_up();
  forget(link.missed());
}

std::unique_ptr<BrokenLink> BrokenLinks::extract(std::uint64_t link) noexcept {
  const auto it = std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l->gateway().link == link; });
  if (it == links_.end()) return nullptr;
  auto found = std::move(*it);
  links_.erase(it);
  return found;
}

BrokenLinks::Found BrokenLinks::take(const proto::control::GatewayLink& asked) {
  Found found;
  const auto link = extract(asked.link);
  // Epoch 0: the answer has not reached the gateway, and so nothing of the link has.
  const std::uint64_t received = asked.epoch == 0 ? 0 : asked.received;
  if (!link) return found;
  if ((asked.epoch != 0 && asked.epoch != epoch_) || !link->kept_.knows(received)) {  // nonsense
    forget(*link);
    return found;
  }
  if (!link->waiting()) {
    found.lost = link->missed_behind(received);
    return found;
  }
  const std::uint64_t owed = link->owed();
  try {
    go_on(*link, received, found);
  } catch (const std::bad_alloc&) {
    forget(owed);
    throw;
  }
  return found;
}

void BrokenLinks::go_on(BrokenLink& link, std::uint64_t received, Found& found) {
  found.lost = link.lost();
  found.losses = std::move(link.losses_);
  if (found.lost != 0) {
    found.losses.dropped.messages += found.lost;
    found.losses.dropped.bytes += link.queue_.evicted().bytes;
    found.losses.by_application[{}] += found.lost;
  }
  link.stop_waiting();
  found.resumed = true;
  found.begun = link.gateway().begun;
  found.again = link.kept_.take_behind(received);
  found.kept = std::move(link.kept_);
  found.waiting = link.queue_.take();
}

std::uint64_t BrokenLinks::Found::owed() const noexcept {
  return lost + messages_in(again) + messages_in(waiting) + untold(losses);
}

void BrokenLinks::tick(Clock::time_point now) {
  for (const auto& link : links_)
    if (link->waiting() && now - link->since() >= patience) link->give_up();
}

bool BrokenLinks::waiting() const noexcept {
  return std::any_of(links_.begin(), links_.end(), [](const auto& l) { return l->waiting(); });
}

}  // namespace dlt::daemon
