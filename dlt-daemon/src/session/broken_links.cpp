#include "session/broken_links.hpp"

#include <algorithm>
#include <utility>

#include "session/told_loss.hpp"

namespace dlt::daemon {

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

void BrokenLink::give_up() {
  stop_waiting();
  kept_.give_up(own_);
  auto unsent = queue_.take();
  std::erase_if(unsent, [&](const FrameSpan& span) { return span.own || span.routed > gateway_.begun; });
  router_.give_back(std::move(unsent));
}

std::uint64_t BrokenLink::missed_behind(std::uint64_t received) const noexcept {
  std::uint64_t missed = lost() + kept_.lost_behind(received);
  for (const auto& [app, messages] : losses_.untold) missed += messages;
  return missed;
}

void BrokenLinks::put(GatewayId gateway, BrokenLink::Left left, std::size_t capacity, Clock::time_point now) {
  if (const auto earlier = extract(gateway.link)) forget(*earlier);
  links_.push_back(std::make_unique<BrokenLink>(router_, own_, gateway, std::move(left), capacity, now));
  if (std::count_if(links_.begin(), links_.end(), [](const auto& l) { return l->waiting(); }) > long{most_waiting})
    (*std::find_if(links_.begin(), links_.end(), [](const auto& l) { return l->waiting(); }))->give_up();
  if (links_.size() <= most) return;
  const auto least = std::min_element(links_.begin(), links_.end(), [](const auto& a, const auto& b) {
    return std::pair(a->waiting(), a->missed()) < std::pair(b->waiting(), b->missed());
  });
  forget(**least);
  links_.erase(least);
}

void BrokenLinks::forget(BrokenLink& link) {
  if (link.waiting()) link.give_up();
  ++forgotten_.links;
  forgotten_.messages += link.missed();
}

std::unique_ptr<BrokenLink> BrokenLinks::extract(std::uint64_t link) {
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
  found.lost = link->lost();
  found.losses = std::move(link->losses_);
  if (found.lost != 0) {
    found.losses.dropped.messages += found.lost;
    found.losses.dropped.bytes += link->queue_.evicted().bytes;
    found.losses.by_application[{}] += found.lost;
  }
  link->stop_waiting();
  found.resumed = true;
  found.begun = link->gateway().begun;
  found.again = link->kept_.take_behind(received);
  found.kept = std::move(link->kept_);
  found.waiting = link->queue_.take();
  return found;
}

void BrokenLinks::tick(Clock::time_point now) {
  for (const auto& link : links_)
    if (link->waiting() && now - link->since() >= patience) link->give_up();
}

bool BrokenLinks::waiting() const noexcept {
  return std::any_of(links_.begin(), links_.end(), [](const auto& l) { return l->waiting(); });
}

}  // namespace dlt::daemon
