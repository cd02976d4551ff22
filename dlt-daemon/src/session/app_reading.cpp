// How an application's stream is read: in turns, into slabs, with what is not whole yet carried from one read to the
// next.
#include <sys/socket.h>

#include "session/app_session.hpp"
#include "session/hub.hpp"

namespace dlt::daemon {

namespace {

constexpr int rounds_per_turn = 8;  // reads before other connections get their turn
constexpr std::size_t read_size = 256 * 1024;
constexpr std::size_t descriptors_limit = 4;
constexpr std::size_t passed_limit = 1024;  // places to acknowledge while a sink stands still; then they get coarser

}  // namespace

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

}  // namespace dlt::daemon
