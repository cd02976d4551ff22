// How far connections came that broke off without a good-bye, for the next connection of the same process.
//
// Known by user and instance (a random number that a process draws once), so that nobody can take another's place. When
// there are too many, of processes or of positions, the oldest are forgotten: what those send again comes twice. Pure;
// the io thread's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "session/app_conversation.hpp"

namespace dlt::daemon {

class BrokenOff {
 public:
  static constexpr std::size_t most = 4096;                   // as many as a network may take down at once
  static constexpr std::size_t most_positions = 64 * 4096;    // of all: 2 MiB
  static constexpr std::size_t most_positions_of_one = 4096;  // a process with more queues than that is not remembered

  void put(Uid user, std::uint64_t instance, AppConversation::Positions positions) {
    if (positions.empty() || positions.size() > most_positions_of_one) return;
    while (!entries_.empty() && (entries_.size() == most || positions_ + positions.size() > most_positions)) {
      positions_ -= entries_.front().positions.size();
      entries_.pop_front();
    }
    const std::size_t n = positions.size();
    entries_.push_back({user, instance, std::move(positions)});
    positions_ += n;
  }
  // Empty: not known.
  [[nodiscard]] AppConversation::Positions take(Uid user, std::uint64_t instance) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& e) { return e.user == user && e.instance == instance; });
    if (found == entries_.end()) return {};
    auto positions = std::move(found->positions);
    entries_.erase(found);
    positions_ -= positions.size();
    return positions;
  }

 private:
  struct Entry {
    Uid user;
    std::uint64_t instance;
    AppConversation::Positions positions;
  };
  std::deque<Entry> entries_;
  std::size_t positions_ = 0;  // of all entries
};

}  // namespace dlt::daemon
