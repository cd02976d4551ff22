// What of a span a client wants that has asked for a filter (set_client_filter).
//
//   frame frame frame frame  --apply-->  the same span, where every frame passes
//     yes   no   yes   yes               frame frame frame, copied into a slab of its own, where some do
//
// The verdict is remembered by the two ids of a frame, for every level at once, so that the rules are asked once per
// context. Frames of the daemon itself are not asked. Pure; the io thread's.
#pragma once

#include <array>

#include "filter_rules.hpp"
#include "route/message.hpp"

namespace dlt::daemon {

class Sieve {
 public:
  Sieve(Pool& pool, FilterRules rules) : pool_(pool), rules_(std::move(rules)) {}

  // The frames that pass, with what else the span says; `frames` and `size` are 0 where none does.
  [[nodiscard]] FrameSpan apply(const FrameSpan& span);
  [[nodiscard]] std::uint64_t held_back() const noexcept { return held_back_; }  // messages

 private:
  struct Slot {
    std::uint64_t ids = 0;
    std::uint8_t passes = 0;  // bit 0: without a level; bits 1..6: that level
    bool known = false;
  };
  [[nodiscard]] bool passes(proto::Bytes frame);
  [[nodiscard]] std::uint8_t ask(std::uint64_t ids) const;
  void copy(proto::Bytes frame, FrameSpan& to);

  Pool& pool_;
  const FilterRules rules_;
  std::array<Slot, 256> slots_{};
  SlabRef slab_;
  std::size_t used_ = 0;
  std::uint64_t held_back_ = 0;
};

}  // namespace dlt::daemon
