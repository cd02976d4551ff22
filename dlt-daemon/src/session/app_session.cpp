#include "session/app_session.hpp"

#include <algorithm>

#include <sys/socket.h>

#include "printable.hpp"
#include "session/hub.hpp"
#include "snapshot/process_end.hpp"

namespace dlt::daemon {

namespace {

constexpr std::size_t out_limit = 256 * 1024;  // bytes waiting for an application that does not read

}  // namespace

AppSession::AppSession(Hub& hub, Fd socket, const Source& source)
    : hub_(hub),
      socket_(hub.io()),
      conversation_(hub.exchange(), source),
      rate_(hub.application_rate()),
      since_us_(Hub::now().unix_us) {
  socket_.assign(socket.get());
  static_cast<void>(socket.release());  // not before: assign() may throw
}

void AppSession::start() { wait_readable(); }

void AppSession::resume() {
  if (salvaging_) salvage_some();
  else if (socket_.is_open()) wait_readable();
}

void AppSession::wait_readable() {
  if (waiting_) return;
  if (const auto debt = rate_.debt(); debt > Clock::duration{}) return wait_for_its_time(debt);
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code error) {
    self->waiting_ = false;
    if (!error) self->on_readable();
  });
  waiting_ = true;
}

// Not reading is all that is done to an application that sends too fast: its socket fills, then its own queue, and its
// own overflow mode decides. Nothing is lost here, so nothing has to be counted here.
void AppSession::wait_for_its_time(Clock::duration debt) {
  if (!rate_timer_) rate_timer_.emplace(hub_.io());
  rate_timer_->expires_after(debt);
  rate_timer_->async_wait([self = shared_from_this()](std::error_code error) {
    self->waiting_ = false;
    if (error || !self->socket_.is_open()) return;
    self->rate_.take(0, Clock::now());
    self->wait_readable();
  });
  waiting_ = true;
}

void AppSession::on_readable() {
  try {
    read_turn();
  } catch (const std::bad_alloc&) {
    starve();
    hub_.repeat_levels();  // it may have changed some, and nobody was told
  }
}

// A process that lives comes back and sends again what it was not told of. What a dead one has left is taken as soon as
// there is memory for that.
void AppSession::starve() {
  if (is_dead() && has_hung_up()) return wait_for_memory();
  hub_.exchange().refusals.add(Refusal::starved, 1, Clock::now(), "application connection of user {}, process {}",
                               static_cast<std::int64_t>(source().uid), source().pid);
  close();
}

bool AppSession::acknowledge() {
  if (passed_.empty() || !has_room()) return !passed_.empty();
  const auto settled = hub_.exchange().router.settled();
  const auto patience = hub_.patience();
  const auto now = Clock::now();
  // Whoever is slower than it may hold applications back is not waited for here either.
  const auto waits = std::find_if(passed_.begin(), passed_.end(), [&](const Passed& p) {
    return (p.routed > settled.clients && now - p.since < patience.client) ||
           (p.routed > settled.storage && now - p.since < patience.storage);
  });
  if (waits == passed_.begin()) return true;
  send(proto::local::Ack{std::prev(waits)->position});  // without memory for it they are told of the next time
  passed_.erase(passed_.begin(), waits);
  return !passed_.empty();
}

void AppSession::apply(AppConversation::Effects& effects) {
  if (effects.memfd) take_memory(*effects.memfd);
  if (effects.recorder && socket_.is_open()) take_recorder(*effects.recorder);
  if (!socket_.is_open()) return;
  for (const auto& asked : effects.snapshots) take_snapshot(asked);
  if (!effects.reply.empty() && has_room()) {
    out_.insert(out_.end(), effects.reply.begin(), effects.reply.end());
    flush();
  } else if (!effects.reply.empty()) {
    levels_missed_ = state_missed_ = true;
  }
  if (!effects.levels.empty()) hub_.send(effects.levels);
}

// What is no memory as it should be is not an accident of a program that means well.
void AppSession::take_memory(const proto::local::Memfd& announced) {
  std::error_code error = make_error_code(Errc::invalid_argument);  // no descriptor came with it
  if (!descriptors_.empty() && !shared_memory_) {
    auto memory = SharedMemory::check(std::move(descriptors_.front()), announced);
    descriptors_.pop_front();
    if (memory) {
      shared_memory_.emplace(*std::move(memory));
      return;
    }
    error = memory.error();
  }
  refuse_memory(error.message());
  close();
}

void AppSession::take_recorder(const proto::local::Recorder& announced) {
  if (!hub_.snapshots().enabled()) {  // it was not offered; nothing is kept that is of no use
    if (!descriptors_.empty()) descriptors_.pop_front();
    return;
  }
  std::error_code error = make_error_code(Errc::invalid_argument);  // no descriptor came with it
  if (!descriptors_.empty() && !recorder_) {
    auto memory = SharedMemory::check(std::move(descriptors_.front()), announced);
    descriptors_.pop_front();
    if (memory) {
      recorder_ = std::make_shared<const SharedMemory>(*std::move(memory));
      process_ = process_of(socket_.native_handle());
      return;
    }
    error = memory.error();
  }
  refuse_memory(error.message());
  close();
}

Recorded AppSession::recorded() const {
  return {recorder_, conversation_.app(), conversation_.name(), source().pid, source().uid, since_us_};
}

void AppSession::take_snapshot(const AppConversation::Effects::Snapshot& asked) {
  using proto::local::SnapshotAnswer;
  if (!snapshots_.try_take(Clock::now())) {
    send(SnapshotAnswer{asked.id, SnapshotAnswer::Status::busy, "too many in a row; one a second is made"});
    return;
  }
  const auto answer = [to = weak_from_this(), id = asked.id](const SnapshotResult& result) {
    const std::string_view text = result.text;
    if (const auto self = to.lock())
      self->tell(SnapshotAnswer{id, result.status, text.substr(0, SnapshotAnswer::max_text)});
  };
  hub_.snapshots().take(recorded(), asked.reason, answer);
}

bool AppSession::has_room() const noexcept { return out_.size() - out_sent_ <= out_limit; }

bool AppSession::send(const proto::local::Message& message) {
  if (!socket_.is_open()) return false;
  if (!has_room()) return miss(message), false;
  AppConversation::append(out_, message);
  flush();
  return true;
}

void AppSession::miss(const proto::local::Message& message) {
  const bool level = std::holds_alternative<proto::local::LogLevel>(message);
  const bool state = std::holds_alternative<proto::local::LogState>(message);
  levels_missed_ |= level;
  state_missed_ |= state;
  if (level || state) return;
  hub_.exchange().refusals.add(
      Refusal::unread, 1, Clock::now(), "a message to application '{}' of user {}, process {}: it does not read",
      printable(conversation_.app().text()), static_cast<std::int64_t>(source().uid), source().pid);
}

void AppSession::tell(const proto::local::Message& message) {
  try {
    send(message);
  } catch (const std::bad_alloc&) {
    starve();
  }
}

void AppSession::tell_levels() {
  levels_missed_ = true;
  on_writable();
}

void AppSession::flush() {
  while (!writing_ && socket_.is_open() && out_sent_ < out_.size()) {
    const long n =
        ::send(socket_.native_handle(), out_.data() + out_sent_, out_.size() - out_sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      out_sent_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](std::error_code error) {
                           self->writing_ = false;
                           if (!error) self->on_writable();
                         });
      writing_ = true;
    } else {
      return;  // the read side finds the end of the connection
    }
  }
  if (out_sent_ == out_.size() || out_sent_ > out_limit) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_sent_));
    out_sent_ = 0;
  }
  if (!out_.empty()) return;
  if (std::exchange(state_missed_, false))
    send(proto::local::LogState{static_cast<std::int8_t>(hub_.exchange().router.clients() > 0 ? 1 : 0)});
  if (std::exchange(levels_missed_, false)) hub_.send(hub_.exchange().registry.levels_of(id()));
}

void AppSession::on_writable() {
  try {
    flush();
  } catch (const std::bad_alloc&) {
    starve();
  }
}

void AppSession::refuse_memory(std::string_view why) {
  hub_.exchange().refusals.add(Refusal::memory, 1, Clock::now(), "application connection of user {}, process {}: {}",
                               static_cast<std::int64_t>(source().uid), source().pid, why);
}

// Also in the middle of a salvage: the daemon may end before all of it was read.
void AppSession::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  salvaging_ = false;
  salvage_.reset();
  rest_ = {};
  shared_memory_.reset();
  recorder_.reset();
  process_.reset();
  const bool connected = socket_.is_open();  // whose memory was read instead does not come back
  try {
    if (connected) acknowledge();
    if (connected && instance_ != 0 && !conversation_.said_bye())
      hub_.broken_off().put(source().uid, instance_, conversation_.on_cut().positions);
  } catch (const std::bad_alloc&) {  // the application sends again what it was not told of
  }
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  if (rate_timer_) rate_timer_->cancel();
  if (memory_timer_) memory_timer_->cancel();
  try {
    conversation_.on_closed(hub_.now());
    hub_.routed();
  } catch (const std::bad_alloc&) {  // clients are not told
  }
  hub_.forget(*this);
}

}  // namespace dlt::daemon
