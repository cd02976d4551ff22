#include "session/hub.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace dlt::daemon {

using std::chrono::duration_cast;

namespace {
constexpr auto hold_interval = std::chrono::milliseconds(5);
}

Hub::Hub(asio::io_context& io, Exchange& exchange, Pool& pool, Options options)
    : io_(io), exchange_(exchange), options_(options), read_buffer_(pool), hold_timer_(io), second_timer_(io) {}

Now Hub::now() noexcept {
  Now now;
  now.steady = Clock::now();
  now.unix_us = duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
  now.uptime = static_cast<std::uint32_t>(duration_cast<Tick>(now.steady.time_since_epoch()).count());
  return now;
}

void Hub::add_application(Fd socket) {
  if (apps_.size() >= options_.max_applications) {
    spdlog::warn("application refused: {} are connected", apps_.size());
    return;
  }
  const SessionId id = ++last_session_;
  auto session = std::make_shared<AppSession>(*this, std::move(socket), id);
  apps_.emplace(id, session);
  session->start();
}

void Hub::add_client(Fd socket, std::string peer) {
  if (clients_.size() >= options_.max_clients) {
    spdlog::warn("client {} refused: {} are connected", peer, clients_.size());
    return;
  }
  spdlog::info("client {} connected", peer);
  auto session = std::make_shared<ClientSession>(*this, std::move(socket), std::move(peer));
  clients_.push_back(session);
  session->start();
  if (clients_.size() > 1) return;
  tell_log_state(1);
  tick_each_second();
}

void Hub::routed() {
  exchange_.router.push();
  if (paused_ || !exchange_.router.holds_back(Clock::now())) return;
  paused_ = true;
  look_again();
}

void Hub::drained() {
  if (!paused_ || exchange_.router.holds_back(Clock::now())) return;
  paused_ = false;
  hold_timer_.cancel();
  for (const auto& [id, session] : apps_) session->resume();
}

void Hub::look_again() {
  hold_timer_.expires_after(hold_interval);
  hold_timer_.async_wait([this](std::error_code error) {
    if (error) return;
    drained();
    if (paused_) look_again();
  });
}

void Hub::send(const std::vector<LevelPush>& levels) {
  for (const LevelPush& push : levels)
    if (const auto it = apps_.find(push.session); it != apps_.end()) it->second->send(push.message);
}

void Hub::apply(ClientSession& client, Outcome& outcome) {
  for (const Frame& frame : outcome.replies) client.reply(frame);
  client.push();
  send(outcome.levels);
  for (const InjectionPush& push : outcome.injections)
    if (const auto it = apps_.find(push.session); it != apps_.end())
      it->second->send(proto::local::Injection{push.position, push.service, push.data});
  if (outcome.timing) options_.send_time = *outcome.timing;
}

void Hub::forget(AppSession& session) { apps_.erase(session.id()); }

void Hub::forget(ClientSession& session) {
  std::erase_if(clients_, [&](const auto& c) { return c.get() == &session; });
  if (clients_.empty()) {
    second_timer_.cancel();
    tell_log_state(0);
  } else {
    const Now at = now();
    exchange_.notify(exchange_.control.connection_info(proto::control::ConnectionInfo::disconnected, at.uptime),
                     at.steady);
    exchange_.router.push();
  }
  drained();
}

void Hub::tell_log_state(std::int8_t state) {
  const auto sessions = apps_;
  for (const auto& [id, session] : sessions) session->send(proto::local::LogState{state});
}

void Hub::tick_each_second() {
  second_timer_.expires_after(std::chrono::seconds(1));
  second_timer_.async_wait([this](std::error_code error) {
    if (error || clients_.empty()) return;
    const Now at = now();
    if (options_.send_time) exchange_.notify(exchange_.control.time(at.uptime), at.steady);
    const auto clients = clients_;
    for (const auto& client : clients) {
      client->push();
      client->tick(at.steady);
    }
    if (!clients_.empty()) tick_each_second();
  });
}

bool Hub::drain_applications() {
  const auto sessions = apps_;
  for (const auto& [id, session] : sessions) {
    if (paused_) return false;
    session->drain();
  }
  return !paused_;
}

bool Hub::clients_have_all() const noexcept {
  return std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->outbox().empty(); });
}

void Hub::close() {
  hold_timer_.cancel();
  const auto sessions = apps_;
  for (const auto& [id, session] : sessions) session->close();
  const auto clients = clients_;
  for (const auto& client : clients) client->close("the daemon ends");
}

}  // namespace dlt::daemon
