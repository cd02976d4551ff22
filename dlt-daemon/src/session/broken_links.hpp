// Links to gateways whose connection broke: what the gateway has not got, and what it would have got since.
//
//   put()        waiting: a sink like the client that it was; the newest that fit are kept, what had to go is counted
//   take()       the gateway is back: all of it, in order, from where the gateway is
//   60 s, or too many wait
//                over: nothing is kept but how many messages were under way when it broke; the gateway begins anew, and
//                is told that number. What is older than the link and was not sent goes back to the backlog
//   too many are known
//                forgotten: of those that are over the one that lost least; the gateway is told nothing, the messages
//                are counted here. Likewise one that there is no memory for
//
// What waits here is what the backlog and other clients are given as well, and keeps the same slabs alive. It is as
// much as the backlog may have and a client's queue besides, so whatever of the backlog a gateway is owed is here, too.
// But what is older than the link is in one place only: here, or in the backlog, which keeps it for the gateway.
//
// A link is known by the number that its gateway drew; numbers of another epoch (a process of this daemon) mean
// nothing. Pure; the io thread's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dlt/proto/control.hpp"
#include "route/router.hpp"
#include "session/outbox.hpp"

namespace dlt::daemon {

struct GatewayId {
  std::uint64_t link = 0;
  EcuId ecu;
  std::uint64_t begun = 0;  // what had been routed then (Router::total); all behind that is the link's
};

class BrokenLink : public Sink {
 public:
  // What the connection owed.
  struct Left {
    Unacknowledged kept;
    std::deque<FrameSpan> unsent;
    Outbox::Losses losses;

    [[nodiscard]] std::uint64_t messages() const noexcept;  // those losses among them that were not told
  };

  // `own`: the ECU id of this daemon.
  BrokenLink(Router& router, EcuId own, GatewayId gateway, Left left, std::size_t capacity, Clock::time_point since);
  ~BrokenLink() override { stop_waiting(); }

  void accept(const FrameSpan& span, Clock::time_point now) override;
  void push() override {}
  [[nodiscard]] bool holds_back(Clock::time_point) noexcept override { return false; }
  [[nodiscard]] std::uint64_t settled() const noexcept override { return all_settled; }

  // What is older than the link: of what came since, the backlog and others have their own.
  [[nodiscard]] std::deque<FrameSpan> unsent_messages() const override;

  void give_up() noexcept;

  [[nodiscard]] const GatewayId& gateway() const noexcept { return gateway_; }
  [[nodiscard]] Clock::time_point since() const noexcept { return since_; }
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return kept_.bytes() + queue_.bytes(); }
  // Messages that there was no room or no memory for.
  [[nodiscard]] std::uint64_t lost() const noexcept { return queue_.evicted().messages; }
  // Where it is over: messages that a gateway has missed which has got all up to `received`.
  [[nodiscard]] std::uint64_t missed_behind(std::uint64_t received) const noexcept;
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_behind(kept_.acknowledged()); }
  // Messages that it has to say, or to tell the loss of.
  [[nodiscard]] std::uint64_t owed() const noexcept;

 private:
  friend class BrokenLinks;
  void stop_waiting() noexcept;
  [[nodiscard]] bool is_older(const FrameSpan& span) const noexcept {
    return !span.own && span.routed <= gateway_.begun;
  }

  Router& router_;
  const EcuId own_;
  const GatewayId gateway_;
  const Clock::time_point since_;
  Unacknowledged kept_;
  Backlog queue_;  // what was not sent, and what has come since
  Outbox::Losses losses_;
  bool waiting_ = true;
};

class BrokenLinks {
 public:
  static constexpr std::size_t most_waiting = 4;
  static constexpr std::size_t most = 16;  // that are known, waiting or over
  static constexpr auto patience = std::chrono::seconds(60);

  // `epoch`: drawn at random, not 0. `own`: the ECU id of this daemon.
  BrokenLinks(Router& router, std::uint64_t epoch, EcuId own) noexcept : router_(router), epoch_(epoch), own_(own) {}

  // `capacity`: bytes that may wait.
  void put(GatewayId gateway, BrokenLink::Left&& left, std::size_t capacity, Clock::time_point now) noexcept;

  struct Found {
    bool resumed = false;
    std::uint64_t begun = 0;        // of a link that goes on
    Unacknowledged kept;            // of which nothing is kept any more; it counts on
    std::deque<FrameSpan> again;    // what was under way
    std::uint64_t lost = 0;         // messages: between those and what waits, or before the new beginning
    std::deque<FrameSpan> waiting;  // what comes behind it
    Outbox::Losses losses;          // of the connection that broke; not among `lost`

    [[nodiscard]] std::uint64_t owed() const noexcept;  // messages, to be sent or to be told the loss of
  };
  // What a gateway is owed that comes back. A link that begins: nothing was lost, as far as it is known. Throws
  // std::bad_alloc; then the link is forgotten.
  [[nodiscard]] Found take(const proto::control::GatewayLink& asked);
  // Of a link, messages that its gateway will neither get nor be told of.
  void forget(std::uint64_t messages) noexcept {
    ++forgotten_.links;
    forgotten_.messages += messages;
  }

  void tick(Clock::time_point now);

  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
  [[nodiscard]] const std::vector<std::unique_ptr<BrokenLink>>& all() const noexcept { return links_; }
  // Somebody is waited for: tick() is needed.
  [[nodiscard]] bool waiting() const noexcept;
  struct Forgotten {
    std::uint64_t links = 0;
    std::uint64_t messages = 0;  // that their gateways have missed, and are not told of
  };
  [[nodiscard]] Forgotten forgotten() const noexcept { return forgotten_; }

 private:
  [[nodiscard]] std::unique_ptr<BrokenLink> extract(std::uint64_t link) noexcept;
  void forget(BrokenLink& link) noexcept;
  void go_on(BrokenLink& link, std::uint64_t received, Found& found);
  void limit() noexcept;

  Router& router_;
  const std::uint64_t epoch_;
  const EcuId own_;
  std::vector<std::unique_ptr<BrokenLink>> links_;  // the oldest first
  Forgotten forgotten_;
};

}  // namespace dlt::daemon
