#include "session/fifo_session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "session/hub.hpp"

namespace dlt::daemon {

namespace local = proto::local;

namespace {

constexpr int rounds_per_turn = 8;  // reads before connections get their turn
constexpr int rounds_at_the_end = 64;
constexpr std::size_t read_size = 256 * 1024;
constexpr auto retry_interval = std::chrono::milliseconds(50);  // of a pipe that was full

// The process that a message names; 0: none.
struct PidOf {
  pid_t operator()(const local::RegisterApplication& m) const noexcept { return m.pid; }
  pid_t operator()(const local::UnregisterApplication& m) const noexcept { return m.pid; }
  pid_t operator()(const local::RegisterContext& m) const noexcept { return m.pid; }
  pid_t operator()(const local::UnregisterContext& m) const noexcept { return m.pid; }
  pid_t operator()(const auto&) const noexcept { return 0; }
};

}  // namespace

// Gathers frames into a span, hands on the rest.
struct FifoSession::Handler {
  FifoSession& self;
  Exchange& exchange;
  const SlabRef& slab;
  const Now& now;
  SpanGather span{};
  std::uint64_t garbage_bytes = 0;

  void frame(proto::Bytes f, std::size_t headers) {
    auto* const at = const_cast<std::byte*>(f.data());  // the slab is ours until the span is routed
    if (!exchange.counter.count(at, f.size(), headers)) [[unlikely]]
      return;  // of a user of a socket
    exchange.gather({at, f.size()}, headers, slab, self.own_.session(), now, span);
  }
  void message(proto::Bytes whole, const local::Message& m) {
    flush();
    try {
      self.on_message(whole, m, slab, now);
    } catch (const std::bad_alloc&) {
      exchange.refusals.add(Refusal::starved, 1, now.steady, "a message that came by {}", self.path());
      self.tell_levels();  // it may have changed some
    }
    exchange.counter.begin(fifo_uid);  // the message may have changed the registry
  }
  void garbage(std::size_t n) noexcept { garbage_bytes += n; }
  void flush() { exchange.route(slab, self.own_.session(), now, span); }
};

FifoSession::FifoSession(Hub& hub, FifoFiles files, SessionId session)
    : hub_(hub),
      files_(std::move(files)),
      fifo_(hub.io()),
      look_timer_(hub.io()),
      rate_(hub.application_rate()),
      rate_timer_(hub.io()),
      own_(hub.exchange(), Source{session, fifo_uid, 0}) {
  Fd fifo = files_.take_fifo();
  fifo_.assign(fifo.get());
  static_cast<void>(fifo.release());  // not before: assign() may throw
}

void FifoSession::start() { wait_readable(); }

void FifoSession::resume() {
  if (fifo_.is_open()) wait_readable();
}

void FifoSession::revive() {
  resume();
  if (!looks_ && !apps_.empty()) look_in(look_interval);
}

void FifoSession::wait_readable() {
  if (waiting_) return;
  if (const auto debt = rate_.debt(); debt > Clock::duration{}) return wait_for_its_time(debt);
  fifo_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code error) {
    self->waiting_ = false;
    if (!error) self->read_turn();
  });
  waiting_ = true;
}

// The FIFO fills, then the library keeps messages itself, as far as it can.
void FifoSession::wait_for_its_time(Clock::duration debt) {
  rate_timer_.expires_after(debt);
  rate_timer_.async_wait([self = shared_from_this()](std::error_code error) {
    self->waiting_ = false;
    if (error || !self->fifo_.is_open()) return;
    self->rate_.take(0, Clock::now());
    self->wait_readable();
  });
  waiting_ = true;
}

void FifoSession::read_turn() {
  if (!hub_.reading() || !fifo_.is_open()) return;  // resume() waits again
  Round round = Round::more;
  try {
    std::span<const std::byte> carried = carry_;
    for (int i = 0; i < rounds_per_turn && round == Round::more && rate_.debt() == Clock::duration{}; ++i)
      round = receive(carried);
    carry_ = {carried.begin(), carried.end()};
  } catch (const std::bad_alloc&) {  // what was being read is lost to it; the FIFO is not
    hub_.exchange().refusals.add(Refusal::starved, 1, Clock::now(), "messages that came by {}", path());
    carry_.clear();
    framer_ = {};
    drained_ = true;
  }
  if (round != Round::paused && round != Round::failed) revive();
}

void FifoSession::drain() {
  if (!fifo_.is_open()) return;
  std::span<const std::byte> carried = carry_;
  Round round = Round::more;
  for (int i = 0; i < rounds_at_the_end && round == Round::more; ++i) round = receive(carried);
  carry_ = {carried.begin(), carried.end()};
}

// One read and what follows from it. `carried` becomes what has to stand in front of the next read; it lies in the read
// buffer and is valid until then.
FifoSession::Round FifoSession::receive(std::span<const std::byte>& carried) {
  if (hub_.paused()) return Round::paused;
  ReadBuffer& buffer = hub_.read_buffer();
  const auto room = buffer.room(carried);
  const std::size_t wanted = std::min(room.free, read_size);
  const long n = ::read(fifo_.native_handle(), room.begin + room.carried, wanted);
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    spdlog::error("{} cannot be read any more: {}", path(), std::generic_category().message(errno));
    return Round::failed;
  }
  const bool drained = n < static_cast<long>(wanted) && (n >= 0 || errno == EAGAIN);
  carried = {room.begin, room.carried};
  if (n > 0) buffer.received(static_cast<std::size_t>(n));
  if (n > 0 || (drained && !drained_))
    carried = take({room.begin, room.carried + static_cast<std::size_t>(std::max(n, 0L))}, drained);
  return drained ? Round::drained : Round::more;
}

// The bytes lie in the read buffer's slab; the rest of them is returned.
std::span<const std::byte> FifoSession::take(std::span<std::byte> bytes, bool drained) {
  Exchange& exchange = hub_.exchange();
  const Now now = hub_.now();
  exchange.counter.begin(fifo_uid);
  const auto foreign = exchange.counter.foreign().messages;
  Handler handler{*this, exchange, hub_.read_buffer().slab(), now};
  const std::size_t used = framer_.consume(bytes, drained, handler);
  handler.flush();
  drained_ = drained;
  rate_.take(used, now.steady);
  exchange.garbage_bytes += handler.garbage_bytes;
  garbage_bytes_ += handler.garbage_bytes;
  if (handler.garbage_bytes != 0)
    hub_.say("{} bytes of {} were no whole message; {} so far", handler.garbage_bytes, path(), garbage_bytes_);
  if (const auto n = exchange.counter.foreign().messages - foreign; n != 0)
    exchange.refusals.add(Refusal::foreign_messages, n, now.steady, "what came by {}", path());
  hub_.routed();
  return bytes.subspan(used);
}

void FifoSession::on_message(proto::Bytes whole, const local::Message& message, const SlabRef& slab, const Now& now) {
  const pid_t pid = std::visit(PidOf{}, message);
  if (const auto* m = std::get_if<local::RegisterApplication>(&message)) {
    FifoApplication* app = arrive(pid, true, now);
    if (app == nullptr) return;
    app->ids().insert(m->app);
    return say(app->conversation(), app, whole, slab, now);
  }
  if (const auto* m = std::get_if<local::RegisterContext>(&message)) {
    FifoApplication* app = arrive(pid, false, now);
    if (app == nullptr) return;
    app->ids().insert(m->app);
    return say(app->conversation(), app, whole, slab, now);
  }
  const auto* ends = std::get_if<local::UnregisterApplication>(&message);
  if (ends == nullptr && !std::holds_alternative<local::UnregisterContext>(message))
    return say(own_, nullptr, whole, slab, now);
  FifoApplication* app = find(pid);
  if (app == nullptr) return;  // what it had registered has been removed already
  say(app->conversation(), app, whole, slab, now);
  if (ends == nullptr) return;
  app->ids().erase(ends->app);
  if (app->ids().empty()) end(pid, now);
}

// Does what the message says and answers the process that it came from.
void FifoSession::say(AppConversation& to, FifoApplication* from, proto::Bytes whole, const SlabRef& slab,
                      const Now& now) {
  AppConversation::Effects effects;
  const std::span<std::byte> bytes(const_cast<std::byte*>(whole.data()), whole.size());
  static_cast<void>(to.on_bytes(bytes, slab, now, effects));
  if (from != nullptr && !effects.reply.empty()) {
    from->send(effects.reply, true);
    look_soon(*from);
  }
  hub_.send(effects.levels);
}

// The process that says so. `anew`: it has just made its pipe, or so it says.
FifoApplication* FifoSession::arrive(pid_t pid, bool anew, const Now& now) {
  FifoApplication* app = find(pid);
  if (app != nullptr && (anew || !app->attached())) {
    auto pipe = files_.open_pipe(pid);
    if (pipe && !app->attach(*std::move(pipe))) {  // the number has been given to another process
      end(pid, now);
      app = nullptr;
    }
  }
  if (app != nullptr) return app;
  if (pid <= 0 || apps_.size() >= hub_.max_fifo_applications()) {
    hub_.exchange().refusals.add(pid <= 0 ? Refusal::rubbish : Refusal::connections_per_user, 1, now.steady,
                                 "process {} that came by {}; {} are there", pid, path(), apps_.size());
    return nullptr;
  }
  const Source source{hub_.next_session(), fifo_uid, pid};
  app = &apps_.try_emplace(pid, hub_.exchange(), source).first->second;
  sessions_.emplace(source.session, pid);
  reattach(*app);
  if (apps_.size() == 1) look_in(look_interval);
  return app;
}

FifoApplication* FifoSession::find(pid_t pid) {
  const auto it = apps_.find(pid);
  return it != apps_.end() ? &it->second : nullptr;
}

void FifoSession::reattach(FifoApplication& app) const {
  if (auto pipe = files_.open_pipe(app.pid())) static_cast<void>(app.attach(*std::move(pipe)));
}

void FifoSession::end(pid_t pid, const Now& now) {
  const auto it = apps_.find(pid);
  if (it == apps_.end()) return;
  unsent_ += it->second.unsent();
  it->second.conversation().on_closed(now);
  sessions_.erase(it->second.session());
  apps_.erase(it);
}

bool FifoSession::send(SessionId session, const local::Message& message) {
  const auto it = sessions_.find(session);
  if (it == sessions_.end()) return false;
  FifoApplication& app = apps_.at(it->second);
  const bool sent = app.send(message);
  look_soon(app);
  return sent;
}

std::uint64_t FifoSession::unsent() const noexcept {
  std::uint64_t all = unsent_;
  for (const auto& [pid, app] : apps_) all += app.unsent();
  return all;
}

// Without memory for that it is looked at with the others.
void FifoSession::look_soon(const FifoApplication& app) {
  try {
    if (app.gone() || app.waits()) look_in(retry_interval);
  } catch (const std::bad_alloc&) {
  }
}

void FifoSession::tell(const local::LogState& state) {
  for (auto& [pid, app] : apps_) {
    app.send(state);
    look_soon(app);
  }
}

void FifoSession::tell_levels() {
  for (auto& [pid, app] : apps_) app.miss_levels();
}

void FifoSession::look_in(Clock::duration time) {
  if (looks_soon_ || !fifo_.is_open()) return;
  look_timer_.expires_after(time);
  looks_ = looks_soon_ = false;
  look_timer_.async_wait([self = shared_from_this()](std::error_code error) {
    if (error) return;
    self->looks_ = self->looks_soon_ = false;
    self->look();
  });
  looks_ = true;
  looks_soon_ = time < look_interval;
}

void FifoSession::look() {
  try {
    look_at_each();
  } catch (const std::bad_alloc&) {
    hub_.exchange().refusals.add(Refusal::starved, 1, Clock::now(), "looking after the applications of {}", path());
  }
  hub_.routed();
  const bool soon = std::any_of(apps_.begin(), apps_.end(), [](const auto& a) { return a.second.waits(); });
  if (!apps_.empty()) look_in(soon ? Clock::duration(retry_interval) : Clock::duration(look_interval));
}

void FifoSession::look_at_each() {
  std::vector<pollfd> watched;
  for (const auto& [pid, app] : apps_) app.put_watch(watched);
  ::poll(watched.data(), watched.size(), 0);
  std::vector<pid_t> ended;
  const pollfd* at = watched.data();
  for (auto& [pid, app] : apps_) {
    const std::size_t n = app.watches();
    if (app.look(at)) ended.push_back(pid);
    at += n;
  }
  const Now now = hub_.now();
  for (const pid_t pid : ended) end(pid, now);
  for (auto& [pid, app] : apps_) {
    if (!app.attached()) reattach(app);
    app.flush();
    if (app.wants_levels()) send_levels(app);
  }
}

void FifoSession::send_levels(FifoApplication& app) {
  try {
    hub_.send(hub_.exchange().registry.levels_of(app.session()));
  } catch (const std::bad_alloc&) {
    app.miss_levels();
  }
}

void FifoSession::close() {
  if (!fifo_.is_open()) return;
  const auto self = shared_from_this();
  files_.remove();
  std::error_code ignored;  // closing is all that can be done
  fifo_.close(ignored);
  look_timer_.cancel();
  rate_timer_.cancel();
  const Now now = hub_.now();
  try {
    while (!apps_.empty()) end(apps_.begin()->first, now);
    hub_.routed();
  } catch (const std::bad_alloc&) {  // clients are not told
  }
}

}  // namespace dlt::daemon
