// What an application's process has left behind that was killed: the rest of its stream, then its memory.
#include <poll.h>

#include <asio/post.hpp>

#include "session/app_session.hpp"
#include "session/hub.hpp"

namespace dlt::daemon {

namespace {

// At most 8 times 64 KiB of frames, or 4096 headers of chunks, which takes about 2 ms.
constexpr int pieces_per_turn = 8;
constexpr auto memory_pause = std::chrono::milliseconds(10);  // when there is none to go on

}  // namespace

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

// Without good-bye, and one of its memories says so.
bool AppSession::is_dead() const noexcept {
  if (conversation_.said_bye()) return false;
  return (shared_memory_ && shared_memory_->orphaned()) || (recorder_ && recorder_->orphaned());
}

// Nobody holds the other end any more; what is in the socket is all that comes.
bool AppSession::has_hung_up() noexcept {
  if (!socket_.is_open()) return true;
  pollfd end{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&end, 1, 0) == 1 && (end.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

// Once.
void AppSession::tell_of_death() {
  if (conversation_.said_bye() || !recorder_ || !recorder_->orphaned()) return;
  hub_.snapshots().crashed(recorded(), std::move(process_));
  recorder_.reset();
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

}  // namespace dlt::daemon
