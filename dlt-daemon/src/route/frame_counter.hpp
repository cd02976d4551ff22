// Counts each frame for its application and context: the part of routing that happens per frame.
//
// Frames of one context tend to come in runs, so the last counter is kept at hand; others are found in a small table by
// the eight bytes of both ids, and only then in the registry. Frames without an extended header count for empty ids.
// On the way it finds out whether the sender may use the id: what it does not have to ask per frame costs nothing.
// Pure; the io thread's.
#pragma once

#include <array>

#include "dlt/proto/header.hpp"
#include "route/registry.hpp"

namespace dlt::daemon {

class FrameCounter {
 public:
  explicit FrameCounter(Registry& registry) noexcept : registry_(registry) {}

  // Before a round of count(), and after anything that may change the registry within one: forgets counters that the
  // registry has dropped. `user`: who sent the frames.
  void begin(Uid user) noexcept {
    if (generation_ != registry_.generation()) forget();
    if (user != user_) last_ = nullptr;
    user_ = user;
  }
  // `headers`: the size of standard and extended header, as the framer reports it. False: the application belongs to
  // another user; the frame goes nowhere and is counted in foreign().
  [[nodiscard]] bool count(const std::byte* frame, std::size_t size, std::size_t headers) {
    const bool has_ids = (static_cast<std::uint8_t>(*frame) & proto::htyp::extended_header) != 0;
    const auto key = has_ids ? proto::load_le<std::uint64_t>(frame + headers - 8) : 0;
    if (key != last_key_ || last_ == nullptr) [[unlikely]] {
      last_ = find(key);
      last_key_ = key;
      if (last_ == nullptr) return registry_.count_other(size), true;
    }
    ++last_->messages;
    last_->bytes += size;
    return last_ != &foreign_;
  }
  [[nodiscard]] Volume foreign() const noexcept { return foreign_; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    Uid user = 0;  // for whom this was looked up
    Volume* volume = nullptr;
  };

  Volume* find(std::uint64_t key) noexcept {
    Slot& slot = slots_[(key * 0x9e3779b97f4a7c15ULL) >> 56];
    if (slot.volume == nullptr || slot.key != key || slot.user != user_) slot = {key, user_, look_up(key)};
    return slot.volume;
  }
  // Nothing: there is no memory for a counter of these ids.
  Volume* look_up(std::uint64_t key) noexcept;
  void forget() noexcept;

  Registry& registry_;
  std::uint64_t last_key_ = 0;
  Volume* last_ = nullptr;
  Uid user_ = unknown_uid;
  Volume foreign_;
  std::uint64_t generation_ = 0;
  std::array<Slot, 256> slots_{};
};

}  // namespace dlt::daemon
