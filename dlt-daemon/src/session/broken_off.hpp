// How far connections came that broke off without a good-bye, for the next connection of the same process.
//
// Known by user and instance (a random number that a process draws once), so that nobody can take another's place. The
// oldest are forgotten beyond `most`. Pure; the io thread's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "session/app_conversation.hpp"

namespace dlt::daemon {

class BrokenOff {
 public:
  static constexpr std::size_t most = 64;
  static constexpr std::size_t most_positions = 4096;  // of one: a process with more queues than that is not remembered

  void put(Uid user, std::uint64_t instance, AppConversation::Positions positions) {
    if (positions.empty() || positions.size() > most_positions) return;
    if (entries_.size() == most) entries_.pop_front();
    entries_.push_back({user, instance, std::move(positions)});
  }
  // Empty: not known.
  [[nodiscard]] AppConversation::Positions take(Uid user, std::uint64_t instance) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& e) { return e.user == user && e.instance == instance; });
    if (found == entries_.end()) return {};
    auto positions = std::move(found->positions);
    entries_.erase(found);
    return positions;
  }

 private:
  struct Entry {
    Uid user;
    std::uint64_t instance;
    AppConversation::Positions positions;
  };
  std::deque<Entry> entries_;
};

}  // namespace dlt::daemon
