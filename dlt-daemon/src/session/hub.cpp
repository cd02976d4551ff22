#include "session/hub.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include <sys/socket.h>

#include "clocks.hpp"
#include "random_number.hpp"
#include "zone.hpp"

namespace dlt::daemon {

using std::chrono::duration_cast;

namespace {
constexpr auto hold_interval = std::chrono::milliseconds(5);
constexpr auto settle_interval = std::chrono::milliseconds(5);
constexpr unsigned announce_interval = 60;  // seconds

Source source_of(int socket, SessionId session) noexcept {
  struct ucred who {};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {session};
  return {session, who.uid, who.pid};
}

}  // namespace

template <class Act>
void Hub::each_application(Act&& act) {
  for (auto it = apps_.begin(); it != apps_.end();) {
    const auto session = it->second;
    act(*session);
    it = apps_.upper_bound(session->id());
  }
}

template <class Act>
void Hub::each_client(Act&& act) {
  for (std::size_t i = 0; i < clients_.size();) {
    const auto client = clients_[i];
    act(*client);
    if (i < clients_.size() && clients_[i] == client) ++i;
  }
}

Hub::Hub(asio::io_context& io, Exchange& exchange, Pool& pool, Options options, Snapshots& snapshots)
    : io_(io),
      exchange_(exchange),
      pool_(pool),
      options_(options),
      snapshots_(snapshots),
      read_buffer_(pool),
      broken_links_(exchange.router, random_number() | 1, exchange.options.ecu),
      hold_timer_(io),
      handshake_timer_(io),
      second_timer_(io),
      hurt_timer_(io, Clock::time_point::max()),
      settle_timer_(io) {
  wait_for_hurt();
}

// Begun in advance, so that nothing but an end of the wait is needed to get out of whatever runs.
void Hub::wait_for_hurt() {
  if (waiting_for_hurt_) return;
  hurt_timer_.async_wait([this](std::error_code) {
    waiting_for_hurt_ = false;
    throw std::bad_alloc();
  });
  waiting_for_hurt_ = true;
}

Now Hub::now() noexcept {
  Now now;
  now.steady = Clock::now();
  now.unix_us = daemon::unix_us();
  now.uptime = daemon::uptime(now.steady);
  return now;
}

void Hub::add_application(Fd socket) {
  const Source source = source_of(socket.get(), last_session_ + 1);
  if (refuse(source)) return;
  last_session_ = source.session;
  auto session = std::make_shared<AppSession>(*this, std::move(socket), source);
  ++connections_[source.uid];
  try {
    apps_.emplace(source.session, session);
    handshakes_.emplace(source.session, Clock::now());
    if (handshakes_.size() == 1) end_handshakes();
    session->start();
  } catch (const std::bad_alloc&) {
    starved("a new application connection");
    session->close();
  }
}

bool Hub::refuse(const Source& source) {
  const auto now = Clock::now();
  const auto refuse = [&](Refusal why) {
    exchange_.refusals.add(why, 1, now, "an application's connection of user {}, process {}; {} are connected",
                           static_cast<std::int64_t>(source.uid), source.pid, apps_.size());
    return true;
  };
  if (apps_.size() >= options_.max_applications) return refuse(Refusal::connections);
  const auto user = connections_.find(source.uid);
  if (user != connections_.end() && user->second >= options_.max_applications_per_user)
    return refuse(Refusal::connections_per_user);
  if (handshakes_.size() >= options_.max_handshakes) {
    refuse(Refusal::handshakes);
    const auto oldest = apps_.find(handshakes_.begin()->first)->second;
    oldest->close();
  }
  return false;
}

void Hub::greeted(const AppSession& session) {
  handshakes_.erase(session.id());
  spdlog::debug("process {} of user {} is connected", session.source().pid,
                static_cast<std::int64_t>(session.source().uid));
}

// What the process has sent before comes first, also by a connection on which nothing was read yet: that one is known
// by its process. A pause does not count: what is not read now would be lost.
void Hub::end_earlier(const AppSession& session) {
  if (session.instance() == 0) return;
  each_application([&](AppSession& other) {
    if (other.id() >= session.id() || other.source().uid != session.source().uid) return;
    const bool silent = other.instance() == 0 && other.source().pid > 0 && other.source().pid == session.source().pid;
    if (!silent && other.instance() != session.instance()) return;
    other.read_out();
    if (other.instance() == session.instance()) other.close();
  });
}

// Ends those that take too long and looks again when the next one is due.
void Hub::end_handshakes() {
  const auto now = Clock::now();
  while (!handshakes_.empty() && now - handshakes_.begin()->second >= options_.handshake_timeout) {
    const auto session = apps_.find(handshakes_.begin()->first)->second;
    exchange_.refusals.add(Refusal::handshakes, 1, now, "user {}, process {} has connected and says nothing",
                           static_cast<std::int64_t>(session->source().uid), session->source().pid);
    session->close();
  }
  if (handshakes_.empty()) return;
  handshake_timer_.expires_at(handshakes_.begin()->second + options_.handshake_timeout);
  handshake_timer_.async_wait([this](std::error_code error) {
    if (!error) end_handshakes();
  });
}

void Hub::add_client(Fd socket, std::string peer, ClientSession::Kind kind) {
  if (clients_.size() >= options_.max_clients) {
    exchange_.refusals.add(Refusal::clients, 1, Clock::now(), "client {}; {} are connected", peer, clients_.size());
    return;
  }
  say("client {} connected", peer);
  auto session = std::make_shared<ClientSession>(*this, std::move(socket), std::move(peer), kind);
  clients_.push_back(session);
  try {
    tick();
    session->start();
  } catch (const std::bad_alloc&) {
    starved("a new client connection");
    return session->close("there is no memory for it");
  }
  if (kind == ClientSession::Kind::viewer && exchange_.router.clients() == 1) tell_log_state(1);
}

void Hub::add_fifo(FifoFiles files) {
  fifo_ = std::make_shared<FifoSession>(*this, std::move(files), next_session());
  fifo_->start();
}

void Hub::stop_reading() noexcept {
  stopped_ = true;
  if (fifo_) fifo_->remove_name();
  gateway_.stop();
}

void Hub::tell(const std::string& line) {
  if (unsaid_ != 0) spdlog::info("{} lines like the next have been left out", std::exchange(unsaid_, 0));
  spdlog::info(line);
}

void Hub::routed() {
  exchange_.router.push();
  if (paused_ || !exchange_.router.holds_back(Clock::now())) return;
  look_again();  // first: without memory for that nobody is paused
  paused_ = true;
}

// Whoever has called it goes on, whether there is memory for the others or not.
void Hub::drained() {
  if (!paused_ || exchange_.router.holds_back(Clock::now())) return;
  paused_ = false;
  hold_timer_.cancel();
  try {
    each_application([](AppSession& session) { session.resume(); });
    if (fifo_) fifo_->resume();
    gateway_.resume();
  } catch (const std::bad_alloc&) {
    revive_soon();
  }
}

// Sinks that have written something do not say so one by one; a look every few milliseconds is what an application's
// memory needs.
void Hub::acknowledge_later() {
  if (settling_) return;
  settle_timer_.expires_after(settle_interval);
  settle_timer_.async_wait([this](std::error_code error) {
    settling_ = false;
    if (error) return;
    bool more = false;
    each_application([&](AppSession& session) { more = session.acknowledge() || more; });
    if (more) acknowledge_later();
  });
  settling_ = true;
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
    if (const auto it = apps_.find(push.session); it != apps_.end()) it->second->tell(push.message);
    else if (fifo_) fifo_->send(push.session, push.message);
}

void Hub::repeat_levels() {
  each_application([](AppSession& session) { session.tell_levels(); });
  if (fifo_) fifo_->tell_levels();
}

bool Hub::deliver(const InjectionPush& push) {
  const proto::local::Injection message{push.position, push.service, push.data};
  if (const auto it = apps_.find(push.session); it != apps_.end()) return it->second->send(message);
  return fifo_ && fifo_->send(push.session, message);
}

// What is answered has been done.
void Hub::apply(ClientSession& client, Outcome& outcome) {
  send(outcome.levels);
  for (const InjectionPush& push : outcome.injections)
    if (!deliver(push)) outcome.replies[push.reply] = exchange_.control.undelivered(push, now().uptime);
  for (const Frame& frame : outcome.replies) client.reply(frame);
  client.push();
  if (outcome.link) client.open_link(*outcome.link);
  if (outcome.received) client.received(outcome.received->received);
  if (outcome.filter) client.set_filter(*std::move(outcome.filter));
  for (const LogstorageRequest& request : outcome.logstorage) ask_logstorage(client, request);
  for (const SnapshotRequest& request : outcome.snapshots) ask_snapshots(client, request);
  for (const NodeRequest& request : outcome.nodes) gateway_.ask(client, request);
  for (const ForwardedRequest& request : outcome.forwarded) gateway_.forward(client, request);
  if (outcome.timing) options_.send_time = *outcome.timing;
}

std::vector<Recorded> Hub::recorded(AppId app) const {
  std::vector<Recorded> all;
  if (own_recorded_.memory && (app.empty() || app == own_recorded_.app)) all.push_back(own_recorded_);
  for (const auto& [id, session] : apps_) {
    Recorded one = session->recorded();
    if (one.memory && (app.empty() || app == one.app)) all.push_back(std::move(one));
  }
  return all;
}

void Hub::ask_snapshots(ClientSession& client, const SnapshotRequest& request) {
  snapshots_.take_each(recorded(request.app), "control",
                       [this, to = client.weak_from_this()](const Snapshots::All& all) {
                         const auto session = to.lock();
                         if (!session) return;
                         const auto status = all.good ? proto::control::Status::ok : proto::control::Status::error;
                         session->answer_later([&] {
                           return exchange_.control.snapshots({status, all.written, all.text}, now().uptime);
                         });
                       });
}

// Who names a directory makes this process write there: that is for those who may write to the socket for control.
void Hub::ask_logstorage(ClientSession& client, const LogstorageRequest& request) {
  const auto answer = [this, to = client.weak_from_this()](proto::control::Status status) {
    const auto session = to.lock();
    if (!session) return;
    session->answer_later([&] { return exchange_.control.logstorage(status, now().uptime); });
  };
  if (client.kind() == ClientSession::Kind::control && logstorage_) return logstorage_(request, answer);
  say("client {} may not connect logstorage devices: only the socket for control may", client.peer());
  answer(proto::control::Status::permission_denied);
}

void Hub::end_earlier(const ClientSession& session, std::uint64_t link) {
  each_client([&](ClientSession& other) {
    if (&other != &session && other.gateway() && other.gateway()->link == link)
      other.close("its gateway has connected anew");
  });
}

void Hub::keep_for(GatewayId gateway, BrokenLink::Left&& left) noexcept {
  if (stopped_) return;
  const std::size_t capacity = exchange_.router.backlog().capacity() + options_.client.capacity;
  const auto before = broken_links_.forgotten().messages;
  broken_links_.put(gateway, std::move(left), capacity, Clock::now());
  try {
    if (const auto untold = broken_links_.forgotten().messages - before; untold != 0)
      say("too many links are broken: a gateway will not be told of {} messages that it has missed", untold);
    tick();
  } catch (const std::bad_alloc&) {
    revive_soon();
  }
}

void Hub::starved(std::string_view whose) { exchange_.refusals.add(Refusal::starved, 1, Clock::now(), "{}", whose); }

void Hub::forget(AppSession& session) {
  spdlog::debug("process {} of user {} is disconnected", session.source().pid,
                static_cast<std::int64_t>(session.source().uid));
  handshakes_.erase(session.id());
  if (const auto user = connections_.find(session.source().uid); user != connections_.end() && --user->second == 0)
    connections_.erase(user);
  apps_.erase(session.id());
}

void Hub::forget(ClientSession& session) {
  std::erase_if(clients_, [&](const auto& c) { return c.get() == &session; });
  if (session.kind() == ClientSession::Kind::control) return;
  if (exchange_.router.clients() == 0) tell_log_state(0);
  else tell_of_end();
  drained();
  hand_over_given_back();
}

void Hub::tell_of_end() {
  const Now at = now();
  try {
    exchange_.notify(exchange_.control.connection_info(proto::control::ConnectionInfo::disconnected, at.uptime),
                     at.steady);
  } catch (const std::bad_alloc&) {  // the others are not told
  }
  exchange_.router.push();
}

std::vector<Frame> Hub::announcements(std::uint32_t uptime) const {
  std::vector<Frame> out;
  if (options_.send_version) out.push_back(exchange_.control.software_version(uptime));
  if (options_.send_timezone) {
    const Zone zone = zone_now();
    out.push_back(exchange_.control.timezone(zone.offset_s, zone.dst, uptime));
  }
  return out;
}

void Hub::tell_log_state(std::int8_t state) {
  each_application([&](AppSession& session) { session.tell(proto::local::LogState{state}); });
  if (fifo_) fifo_->tell({state});
}

void Hub::tick() {
  if (ticking_ || stopped_ || !needs_ticks()) return;
  second_timer_.expires_after(std::chrono::seconds(1));
  second_timer_.async_wait([this](std::error_code error) {
    ticking_ = false;
    if (error) return;
    on_tick();
    tick();
  });
  ticking_ = true;
}

void Hub::on_tick() {
  const Now at = now();
  if (options_.send_time) exchange_.notify(exchange_.control.time(at.uptime), at.steady);
  if (++seconds_ >= announce_interval) {
    seconds_ = 0;
    for (const Frame& frame : announcements(at.uptime)) exchange_.notify(frame, at.steady);
  }
  exchange_.announce_left_out(at);
  exchange_.router.push();
  each_client([&](ClientSession& client) { client.tick(at.steady); });
  broken_links_.tick(at.steady);
  hand_over_given_back();
}

// To gateways with a link that is older still stays in the backlog only for the time of this call.
void Hub::hand_over_given_back() {
  each_client([](ClientSession& client) { client.take_given_back(); });
}

bool Hub::drain_applications() {
  bool all = true;
  each_application([&](AppSession& session) { all = !paused_ && session.drain() && all; });
  if (fifo_ && !paused_) fifo_->drain();
  gateway_.drain();
  return all && !paused_;
}

bool Hub::clients_have_all() const noexcept {
  return std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->has_all(); });
}

void Hub::revive() {
  wait_for_hurt();
  if (paused_) look_again();
  acknowledge_later();
  end_handshakes();
  each_application([](AppSession& session) { session.resume(); });
  if (fifo_) fifo_->revive();
  repeat_levels();
  gateway_.revive();
  each_client([](ClientSession& client) { client.revive(); });
  ticking_ = false;
  tick();
}

void Hub::close() {
  stopped_ = true;
  second_timer_.cancel();
  hold_timer_.cancel();
  handshake_timer_.cancel();
  settle_timer_.cancel();
  each_application([](AppSession& session) { session.close(); });
  if (fifo_) fifo_->close();
  gateway_.close();
  each_client([](ClientSession& client) { client.close("the daemon ends"); });
}

}  // namespace dlt::daemon
