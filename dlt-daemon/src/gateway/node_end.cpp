// How the connection to a node ends: without memory for anything, if need be.
#include <spdlog/spdlog.h>

#include "attempt.hpp"
#include "gateway/node_session.hpp"
#include "session/hub.hpp"

namespace dlt::daemon::gateway {

using proto::control::Status;

void NodeSession::ended(std::string_view reason) noexcept {
  const bool was_up = link_.state() == Link::State::up;
  go_down(reason, was_up, link_.ended());
}

// What is down already waits for its next try, or for nothing.
void NodeSession::starved() noexcept {
  hub_.starved("the connection of a passive node");
  const bool was_up = link_.state() == Link::State::up;
  if (const auto pause = link_.hindered()) go_down("there is no memory for it", was_up, pause);
}

void NodeSession::go_down(std::string_view reason, bool was_up, std::optional<std::chrono::seconds> pause) noexcept {
  close_socket();
  if (was_up || reason != problem_ || !pause) tell_end(reason);
  note(reason);
  if (pause && !attempt([&] { wait_for_next_try(*pause); })) hub_.revive_soon();
  attempt([&] { pause ? let_time_pass() : let_go(); });
  answer_all(Status::error);
  refuse_open_questions();
}

void NodeSession::tell_end(std::string_view reason) noexcept {
  if (link_.state() == Link::State::given_up)
    spdlog::error("{} is given up, {} tries have failed: {}", name_, link_.failures(), reason);
  else hub_.say("{} is not connected: {}", name_, reason);
}

// There is room for it.
void NodeSession::note(std::string_view problem) noexcept { problem_.assign(problem.substr(0, longest_problem)); }

void NodeSession::disconnect(const char* reason) noexcept {
  end_for_good(reason);
  attempt([this] { let_go(); });
}

void NodeSession::go_on_for(NodeSession& other, const char* reason) noexcept {
  other.end_for_good(reason);
  std::swap(stream_, other.stream_);
}

void NodeSession::end_for_good(const char* reason) noexcept {
  const bool was = link_.state() != Link::State::idle;
  close_socket();
  link_.disconnect();
  note(reason);
  if (was) hub_.say("{} is not connected: {}", name_, reason);
  answer_all(Status::error);
  refuse_open_questions();
}

// Whatever was waited for is void then.
void NodeSession::close_socket() noexcept {
  ++try_;
  timer_.cancel();
  tick_timer_.cancel();
  acknowledge_timer_.cancel();
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  waiting_ = writing_ = acknowledging_ = false;
  stream_->on_closed();
  out_.clear();
  out_sent_ = 0;
}

// A client that there is no memory for is given up.
void NodeSession::answer_all(Status status) noexcept {
  for (const Answer& answer : std::exchange(answers_, {})) answer(status);
}

void NodeSession::refuse_open_questions() noexcept {
  for (const auto& q : questions_.take_open(Clock::now())) {
    ++refused_;
    const auto client = q.asker.client.lock();
    if (!client) continue;
    client->answer_later([&] { return Control::unreachable(config_.ecu, q.service, hub_.now().uptime); });
  }
}

}  // namespace dlt::daemon::gateway
