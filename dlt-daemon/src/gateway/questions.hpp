// Which client has asked a node what, until the node has answered or a while has passed.
//
// A node's answers go to every client that is a viewer, like everything that it says; a connection for control gets
// those to its own requests, and whoever has asked is told when the node goes before it has answered. A request may
// have several answers, so a question is kept for `kept`. At most `most` of them; the oldest makes room. Pure; one
// thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
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
    if (all_.size() == most) all_.pop_front();
    all_.push_back({std::move(asker), service, now, false});
  }
  // The node has answered one of them: everybody who may have asked that, each once.
  [[nodiscard]] std::vector<Asker> answered(Service service, Clock::time_point now) {
    expire(now);
    std::vector<Asker> out;
    bool open = true;
    for (Question& q : all_) {
      if (q.service != service) continue;
      if (!q.answered && std::exchange(open, false)) q.answered = true;
      if (std::find(out.begin(), out.end(), q.asker) == out.end()) out.push_back(q.asker);
    }
    return out;
  }
  // The node has gone: what it has not answered.
  [[nodiscard]] std::vector<Question> take_open(Clock::time_point now) {
    expire(now);
    std::vector<Question> out;
    for (Question& q : all_)
      if (!q.answered) out.push_back(std::move(q));
    all_.clear();
    return out;
  }
  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

  static constexpr std::size_t most = 256;
  static constexpr auto kept = std::chrono::seconds(10);

 private:
  void expire(Clock::time_point now) {
    while (!all_.empty() && now - all_.front().at > kept) all_.pop_front();
  }

  std::deque<Question> all_;  // the oldest first
};

}  // namespace dlt::daemon::gateway
