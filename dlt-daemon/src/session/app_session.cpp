#include "session/app_session.hpp"

#include <algorithm>
#include <asio/post.hpp>

#include <sys/socket.h>

#include "session/hub.hpp"
#include "snapshot/process_end.hpp"

namespace dlt::daemon {

namespace {

constexpr int rounds_per_turn = 8;  // reads before other connections get their turn
// Of a salvage: at most 8 times 64 KiB of frames, or 4096 headers of chunks, which takes about 2 ms.
constexpr int pieces_per_turn = 8;
constexpr auto memory_pause =
    std::chrono::milliseconds(10);  // when there is none to go on with what a process has left
constexpr std::size_t read_size = 256 * 1024;
constexpr std::size_t out_limit = 256 * 1024;  // bytes waiting for an application that does not read
constexpr std::size_t descriptors_limit = 4;
constexpr std::size_t passed_limit = 1024;  // places to acknowledge while a sink stands still; then they get coarser
constexpr std::uint64_t tolerated_garbage = 1 << 20;  // bytes in the life of a connection

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
  if (is_dead()) return wait_for_memory();
  hub_.exchange().refusals.add(Refusal::starved, 1, Clock::now(), "application connection of user {}, process {}",
                               static_cast<std::int64_t>(source().uid), source().pid);
  close();
}

// Neither the socket of a dead process nor its memory goes away.
void AppSession::wait_for_memory() {
  if (salvaging_ ? salvage_waits_ : waiting_) return;
  if (!memory_timer_) memory_timer_.emplace(hub_.io());
  memory_timer_->expires_after(memory_pause);
  memory_timer_->async_wait([self = shared_from_this()](std::error_code error) {
    (self->salvaging_ ? self->salvage_waits_ : self->waiting_) = false;
    if (!error && !self->closed_) self->resume();
  });
  (salvaging_ ? salvage_waits_ : waiting_) = true;
}

void AppSession::read_turn() {
  if (!hub_.reading()) return;  // resume() waits again
  const auto goes = [this](Round round) { return round == Round::more && rate_.debt() == Clock::duration{}; };
  const Round round = read_while(rounds_per_turn, [&](Round last) { return goes(last) && !hub_.paused(); });
  if (round != Round::closed && !(goes(round) && hub_.paused())) wait_readable();
}

bool AppSession::drain() {
  if (socket_.is_open()) read_on([this] { return hub_.paused(); });
  Round round = Round::more;
  for (int i = 0; salvaging_ && i < 512 && round == Round::more; ++i) round = salvage_piece();
  return !salvaging_;
}

void AppSession::read_out() {
  if (socket_.is_open()) read_on([] { return false; });
}

// More than a socket holds, unless it is to stop before. A read that brought less than was asked for says nothing: it
// ends where a descriptor came with the bytes.
template <class Stop>
void AppSession::read_on(Stop stop) {
  (void)read_while(64, [&](Round last) { return (last == Round::more || last == Round::less) && !stop(); });
}

// One read after the other. What is left of them is kept until the next time: as a copy, or without memory for that,
// and for what it means, where it lies.
template <class Goes>
AppSession::Round AppSession::read_while(int rounds, Goes goes) {
  std::span<const std::byte> carried = carry_;
  Round round = Round::more;
  if (!goes(round)) return round;
  try {
    if (rest_.slab) round = understand_rest(carried);
    for (int i = 0; i < rounds && goes(round); ++i) round = receive(carried);
    if (round != Round::closed) carry_ = {carried.begin(), carried.end()};
  } catch (const std::bad_alloc&) {
    keep_rest(carried);
    throw;
  }
  return round;
}

AppSession::Round AppSession::understand_rest(std::span<const std::byte>& carried) {
  const Round round = understand(rest_.bytes, rest_.slab, carried);
  if (round == Round::closed) return round;
  carry_.assign(carried.begin(), carried.end());
  carried = carry_;
  rest_ = {};
  return round;
}

void AppSession::keep_rest(std::span<const std::byte> carried) {
  if (carried.empty()) carry_.clear();
  if (carried.empty() || carried.data() == carry_.data()) return void(rest_ = {});
  if (!rest_.slab || !rest_.slab.holds(carried.data())) rest_.slab = hub_.read_buffer().slab();
  rest_.bytes = {const_cast<std::byte*>(carried.data()), carried.size()};  // the slab's reader is this session
  carry_.clear();
}

// One read and what follows from it. `carried` becomes what has to stand in front of the next read; it lies in the read
// buffer and is valid until then.
AppSession::Round AppSession::receive(std::span<const std::byte>& carried) {
  ReadBuffer& buffer = hub_.read_buffer();
  const auto room = buffer.room(carried);
  const std::size_t wanted = std::min(room.free, read_size);
  carried = {room.begin, room.carried};
  const long n = receive_bytes(room.begin + room.carried, wanted);
  if (n <= 0) {
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Round::drained;
    end_of_stream();
    return Round::closed;
  }
  buffer.received(static_cast<std::size_t>(n));
  rate_.take(static_cast<std::uint64_t>(n), Clock::now());
  const auto round = understand({room.begin, room.carried + static_cast<std::size_t>(n)}, buffer.slab(), carried);
  return round == Round::more && static_cast<std::size_t>(n) < wanted ? Round::less : round;
}

// `carried` becomes what is left of the bytes, which lie in the slab.
AppSession::Round AppSession::understand(std::span<std::byte> bytes, const SlabRef& slab,
                                         std::span<const std::byte>& carried) {
  AppConversation::Effects effects;
  const Now now = hub_.now();
  const bool spoken = conversation_.spoken();
  std::size_t used = 0;
  try {
    used = conversation_.on_bytes(bytes, slab, now, effects);
  } catch (const std::bad_alloc&) {
    carried = bytes.subspan(conversation_.used());
    if (effects.memfd) take_memory(*effects.memfd);
    throw;
  }
  carried = bytes.subspan(used);
  if (!spoken && conversation_.spoken()) hub_.greeted(*this);
  if (std::exchange(instance_, conversation_.instance()) != conversation_.instance()) {
    carry_.assign(carried.begin(), carried.end());  // the other connection is read with the same buffer
    carried = carry_;
    take_up();
  }
  apply(effects);
  if (conversation_.garbage_bytes() > tolerated_garbage) {
    hub_.exchange().refusals.add(Refusal::rubbish, 1, now.steady, "application connection of user {}, process {}",
                                 static_cast<std::int64_t>(source().uid), source().pid);
    close();
  }
  hub_.routed();
  if (!socket_.is_open()) return Round::closed;
  passed(used);
  return Round::more;
}

// An earlier connection of the same process may still be open here, with something in it.
void AppSession::take_up() {
  hub_.end_earlier(*this);
  if (auto positions = hub_.broken_off().take(source().uid, instance_); !positions.empty())
    conversation_.resume(std::move(positions));
}

void AppSession::passed(std::size_t n) {
  position_ += n;
  if (n == 0 || conversation_.said_bye()) return;
  if ((conversation_.capabilities() & proto::local::capability::ack) == 0) return;
  const Passed here{position_, hub_.exchange().router.total().bytes, Clock::now()};
  if (passed_.size() < passed_limit) passed_.push_back(here);
  else passed_.back() = here;
  if (acknowledge()) hub_.acknowledge_later();
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

long AppSession::receive_bytes(std::byte* to, std::size_t size) {
  iovec range{to, size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * descriptors_limit)];
  msghdr message{};
  message.msg_iov = &range;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const long n = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n >= 0 && message.msg_controllen > 0) take_descriptors(message);
  return n;
}

void AppSession::take_descriptors(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < n; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
      descriptors_.push_back(Fd(fd));
      if (descriptors_.size() > descriptors_limit) descriptors_.pop_back();  // nobody announces that many
    }
  }
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
    levels_missed_ = true;
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
  if (!snapshots_.try_take(Clock::now()))
    return send(SnapshotAnswer{asked.id, SnapshotAnswer::Status::busy, "too many in a row; one a second is made"});
  const auto answer = [to = weak_from_this(), id = asked.id](const SnapshotResult& result) {
    const std::string_view text = result.text;
    const auto self = to.lock();
    if (!self) return;
    try {
      self->send(SnapshotAnswer{id, result.status, text.substr(0, SnapshotAnswer::max_text)});
    } catch (const std::bad_alloc&) {
      self->starve();
    }
  };
  hub_.snapshots().take(recorded(), asked.reason, answer);
}

// Without good-bye, and one of its memories says so.
bool AppSession::is_dead() const noexcept {
  if (conversation_.said_bye()) return false;
  return (shared_memory_ && shared_memory_->orphaned()) || (recorder_ && recorder_->orphaned());
}

// Once.
void AppSession::tell_of_death() {
  if (conversation_.said_bye() || !recorder_ || !recorder_->orphaned()) return;
  hub_.snapshots().crashed(recorded(), std::move(process_));
  recorder_.reset();
}

bool AppSession::has_room() const noexcept { return out_.size() - out_sent_ <= out_limit; }

void AppSession::send(const proto::local::Message& message) {
  if (!socket_.is_open()) return;
  if (!has_room()) {
    levels_missed_ |= std::holds_alternative<proto::local::LogLevel>(message);
    return;
  }
  AppConversation::append(out_, message);
  flush();
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
  try {
    flush();
  } catch (const std::bad_alloc&) {
    starve();
  }
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

// A process that lives and has only lost its connection sends what is left itself, on the next one.
void AppSession::end_of_stream() {
  if (!is_dead()) return close();
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  carry_.clear();
  rest_ = {};
  salvaging_ = true;
  salvage_some();
}

void AppSession::salvage_some() {
  if (salvage_waits_) return;
  Round round = Round::more;
  for (int i = 0; i < pieces_per_turn && round == Round::more; ++i) round = salvage_piece();
  if (round == Round::less) return wait_for_memory();
  if (round != Round::more) return;  // resume() goes on when the hub was paused
  asio::post(hub_.io(), [self = shared_from_this()] {
    self->salvage_waits_ = false;
    if (self->salvaging_) self->salvage_some();
  });
  salvage_waits_ = true;
}

// `less`: there was no memory for it, it is tried again.
AppSession::Round AppSession::salvage_piece() {
  try {
    return try_salvage_piece();
  } catch (const std::bad_alloc&) {
    return Round::less;
  }
}

// What was not received by the connection goes the same way as what was.
AppSession::Round AppSession::try_salvage_piece() {
  tell_of_death();
  if (hub_.paused()) return Round::paused;
  if (!shared_memory_ || !shared_memory_->orphaned()) return close(), Round::closed;
  if (!salvage_)
    salvage_.emplace([this](std::uint64_t at, std::span<std::byte> into) { return shared_memory_->read(at, into); },
                     shared_memory_->layout().size, conversation_.on_cut());
  understand_salvaged();
  ReadBuffer& buffer = hub_.read_buffer();
  const auto room = buffer.room({});
  std::size_t n = 0;
  const auto step = salvage_->step({room.begin, room.free}, n);
  if (n != 0) {
    buffer.received(n);
    rest_ = {buffer.slab(), {room.begin, n}};
    understand_salvaged();
  }
  const bool rubbish = conversation_.garbage_bytes() > tolerated_garbage;
  if (step == proto::Salvage::Step::more && !rubbish) return Round::more;
  if (step == proto::Salvage::Step::refused || rubbish) refuse_memory("what it left there makes no sense");
  close();
  return Round::closed;
}

void AppSession::understand_salvaged() {
  if (!rest_.slab) return;
  AppConversation::Effects unheard;  // nobody is there to be answered
  Exchange& exchange = hub_.exchange();
  const auto before = exchange.router.total().messages;
  const auto count = [&] { exchange.salvaged_messages += exchange.router.total().messages - before; };
  try {
    if (conversation_.on_bytes(rest_.bytes, rest_.slab, hub_.now(), unheard) != rest_.bytes.size())
      (void)conversation_.on_cut();
  } catch (const std::bad_alloc&) {
    count();
    rest_.bytes = rest_.bytes.subspan(conversation_.used());
    throw;
  }
  count();
  rest_ = {};
  hub_.routed();
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
