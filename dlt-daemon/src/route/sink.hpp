// Where messages go: a client, a file. The one virtual class of the daemon.
//
// Contract: accept() never waits and never throws for a reason of the sink's own; what a sink cannot keep it drops in
// whole frames, counts, and says so. Called on the io thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>

#include "route/hold.hpp"
#include "route/message.hpp"

namespace dlt::daemon {

struct Volume {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;

  void add(const FrameSpan& span) noexcept {
    messages += span.frames;
    bytes += span.size;
  }
};

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  // Takes the span or counts it as dropped.
  virtual void accept(const FrameSpan& span, Clock::time_point now) = 0;
  // After a round of accept(): starts writing what has been taken.
  virtual void push() = 0;
  // True while the sink is nearly full and asks that nobody reads more from applications. A sink asks for a limited
  // time only; after that it drops instead.
  [[nodiscard]] virtual bool holds_back(Clock::time_point now) noexcept = 0;
  // How far the sink is: every accepted span with `routed` up to here has left the daemon, or was dropped. A sink in a
  // time of dropping waits for nothing (all_settled): it must not hold up acknowledgements without end.
  [[nodiscard]] virtual std::uint64_t settled() const noexcept = 0;

  // Of a client, or what waits for one: application messages that it has not been sent, oldest first.
  [[nodiscard]] virtual std::deque<FrameSpan> unsent_messages() const { return {}; }

  static constexpr std::uint64_t all_settled = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace dlt::daemon
