// Who has how much of a full queue, and who has to pay for the room that is missing: the connection that has most.
//
// While it is active, add() and remove() as spans come and go. When there is no room, charge() names who pays: if that
// is the one who asks, what it brings is dropped, otherwise the newest that the other has in the queue is. Who was
// charged brings nothing more in until clear(): so it has one gap, not a thousand, and the queue can drain. Who has
// little pays last: what an application loses does not depend on what others send while there is room for its own
// share. Costs nothing while it is not needed. Pure; the io thread's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace dlt::daemon {

class Shares {
 public:
  using Source = std::uint32_t;  // FrameSpan::source

  [[nodiscard]] bool active() const noexcept { return active_; }
  void activate() noexcept { active_ = true; }
  void clear() noexcept {
    active_ = false;
    by_source_.clear();
  }

  void add(Source source, std::size_t bytes) { by_source_[source].bytes += bytes; }
  void remove(Source source, std::size_t bytes) noexcept {
    if (const auto it = by_source_.find(source); it != by_source_.end()) it->second.bytes -= bytes;
  }
  // The one that has most, counting what `asking` wants as its own; the one who asks if there are several.
  [[nodiscard]] Source charge(Source asking, std::size_t wanted) {
    Source payer = asking;
    std::size_t most = by_source_[asking].bytes + wanted;
    for (const auto& [source, share] : by_source_)
      if (source != asking && share.bytes > most) {
        payer = source;
        most = share.bytes;
      }
    by_source_[payer].charged = true;
    return payer;
  }
  [[nodiscard]] bool charged(Source source) const noexcept {
    const auto it = by_source_.find(source);
    return it != by_source_.end() && it->second.charged;
  }

 private:
  struct Share {
    std::size_t bytes = 0;
    bool charged = false;
  };
  bool active_ = false;
  std::unordered_map<Source, Share> by_source_;
};

}  // namespace dlt::daemon
