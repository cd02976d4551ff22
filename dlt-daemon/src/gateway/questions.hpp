// Which client has asked a node what, until the node has answered or a while has passed.
//
// A node's answers go to every client that is a viewer, like everything that it says; a connection for control gets
// those to its own requests, and whoever has asked is told when the node goes before it has answered. A request may
// have several answers, so a question is kept for `kept`. At most `most` of them; the oldest makes room. Without
// memory for who is to be told, answered() changes nothing. Pure; one thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "dlt/proto/control.hpp"
#include "route/hold.hpp"

namespace dlt::daemon::gateway {

// `Asker`: how a client is referred to; comparable.
template <class Asker>
class Questions {
 public:
  using Service = proto::control::Service;
  struct Question {
    Asker asker;
    Service service{};
    Clock::time_point at{};
    bool answered = false;
  };

  void add(Asker asker, Service service, Clock::time_point now) {
    expire(now);
    if (all_.size() == most) all_.erase(all_.begin());
    all_.push_back({std::move(asker), service, now, false});
  }
  // The node has answered one of them: everybody who may have asked that, each once.
  [[nodiscard]] std::vector<Asker> answered(Service service, Clock::time_point now) {
    expire(now);
    std::vector<Asker> out;
    out.reserve(all_.size());
    bool open = true;
    for (Question& q : all_) {
      if (q.service != service) continue;
      if (!q.answered && std::exchange(open, false)) q.answered = true;
      if (std::find(out.begin(), out.end(), q.asker) == out.end()) out.push_back(q.asker);
    }
    return out;
  }
  // The node has gone: what it has not answered.
  [[nodiscard]] std::vector<Question> take_open(Clock::time_point now) noexcept {
    expire(now);
    std::erase_if(all_, [](const Question& q) { return q.answered; });
    return std::exchange(all_, {});
  }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

  static constexpr std::size_t most = 256;
  static constexpr auto kept = std::chrono::seconds(10);

 private:
  void expire(Clock::time_point now) noexcept {
    const auto left = std::find_if(all_.begin(), all_.end(), [&](const Question& q) { return now - q.at <= kept; });
    all_.erase(all_.begin(), left);
  }

  std::vector<Question> all_;  // the oldest first
};

}  // namespace dlt::daemon::gateway
