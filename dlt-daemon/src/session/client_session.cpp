#include "session/client_session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <asio/post.hpp>
#include <limits>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "printable.hpp"
#include "session/hub.hpp"

namespace dlt::daemon {

namespace {
constexpr std::size_t ranges_per_call = 512;
constexpr std::size_t bytes_per_call = 1 << 20;
constexpr std::size_t reply_limit = 1 << 20;  // bytes of answers waiting; beyond, requests have to wait

// The kernel, too, ends a connection whose peer takes nothing: never before the configured limit.
void let_wait(int socket, Clock::duration limit) noexcept {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  unsigned now = 0;
  socklen_t size = sizeof now;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &now, &size) != 0 || now == 0 || now >= ms) return;
  const auto longer = static_cast<unsigned>(ms);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &longer, sizeof longer);
}
}  // namespace

ClientSession::ClientSession(Hub& hub, Fd socket, std::string peer, Kind kind)
    : hub_(hub),
      socket_(hub.io()),
      peer_(std::move(peer)),
      kind_(kind),
      since_(Clock::now()),
      conversation_(hub.exchange()),
      outbox_(hub.client_limits(), hub.serial_headers() ? SerialHeader::size : 0),
      progress_(since_) {
  if (hub.serial_headers()) serial_header_.emplace(hub.pool());
  let_wait(socket.get(), hub.client_timeout());
  socket_.assign(socket.get());
  static_cast<void>(socket.release());  // not before: assign() may throw
}

void ClientSession::start() {
  if (kind_ == Kind::viewer) greet();
  wait_readable();
  send_some();
}

void ClientSession::greet() {
  Exchange& exchange = hub_.exchange();
  const auto uptime = hub_.now().uptime;
  reply(exchange.control.connection_info(proto::control::ConnectionInfo::connected, uptime));
  for (const Frame& frame : hub_.announcements(uptime)) reply(frame);
  auto waiting = exchange.router.add_client(*this);
  try {
    if (serial_header_) outbox_.replay(as_sent(waiting));
    else outbox_.replay(waiting);
  } catch (const std::bad_alloc&) {  // the next client gets them
    exchange.router.give_back(std::move(waiting));
    throw;
  }
}

std::deque<FrameSpan> ClientSession::as_sent(const std::deque<FrameSpan>& spans) {
  if (!serial_header_) return spans;
  std::deque<FrameSpan> with_headers;
  for (const FrameSpan& span : spans)
    for (FrameSpan& piece : serial_header_->before_each(span)) with_headers.push_back(std::move(piece));
  return with_headers;
}

// Also when the connection is known to be broken, until it is closed: who comes next gets what is left. Without memory
// for the span this client is given up, and the span counts as missed.
void ClientSession::accept(const FrameSpan& span, Clock::time_point now) {
  if (outbox_.empty()) progress_ = now;
  try {
    const FrameSpan wanted = sieve_ ? sieve_->apply(span) : span;
    if (wanted.frames == 0) return;
    if (!serial_header_) outbox_.push(wanted, now);
    else
      for (const FrameSpan& piece : serial_header_->before_each(wanted)) outbox_.push(piece, now);
  } catch (const std::bad_alloc&) {
    if (!span.own) missed_.add(span);
    starve();
  }
}

void ClientSession::push() {
  if (writing_ || failed_ || outbox_.empty()) return;
  try {
    send_some();
  } catch (const std::bad_alloc&) {  // what an application sent must not end its own connection
    starve();
  }
}

void ClientSession::starve() {
  hub_.starved("a client connection");
  fail();
}

void ClientSession::reply(const Frame& frame) {
  if (outbox_.empty()) progress_ = Clock::now();
  FrameSpan span = hub_.exchange().own.put(frame);
  if (!serial_header_) return outbox_.reply(std::move(span));
  for (FrameSpan& piece : serial_header_->before_each(span)) outbox_.reply(std::move(piece));
}

void ClientSession::set_filter(FilterRules rules) {
  filtered_ = filtered();
  sieve_.reset();
  if (!rules.empty()) sieve_.emplace(hub_.pool(), std::move(rules));
}

// Where the link goes on, all that this connection was to be sent is among what waited for the gateway.
void ClientSession::open_link(const proto::control::GatewayLink& asked) {
  if (gateway_ || kind_ != Kind::viewer)
    return reply(hub_.exchange().control.gateway_refused(hub_.now().uptime)), push();
  if (outbox_.empty()) progress_ = Clock::now();
  hub_.end_earlier(*this, asked.link);
  auto found = hub_.broken_links().take(asked);
  const std::uint64_t owed = found.owed();
  try {
    go_on_with(std::move(found), asked);
  } catch (const std::bad_alloc&) {
    if (owed != 0) hub_.broken_links().forget(owed);
    throw;
  }
  push();
}

// What needs memory comes first.
void ClientSession::go_on_with(BrokenLinks::Found&& found, const proto::control::GatewayLink& asked) {
  OwnFrames& own = hub_.exchange().own;
  Router& router = hub_.exchange().router;
  const auto uptime = hub_.now().uptime;
  const proto::control::GatewayLinked answer{{},
                                             asked.link,
                                             hub_.broken_links().epoch(),
                                             found.kept.written(),
                                             static_cast<std::uint8_t>(found.resumed ? 1 : 0)};
  const auto opening = as_sent({own.put(hub_.exchange().control.gateway_linked(answer, uptime))});
  const auto begun = found.resumed ? found.begun : router.since(*this);
  auto older = router.begin_link(*this, begun);
  try {
    std::deque<FrameSpan> owed = found.again;
    owed.insert(owed.end(), older.begin(), older.end());
    if (found.lost != 0) owed.push_back(own.put(hub_.exchange().control.lost({}, found.lost, uptime)));
    owed.insert(owed.end(), found.waiting.begin(), found.waiting.end());
    owed = as_sent(owed);
    if (found.resumed) outbox_.discard();
    outbox_.keep(std::move(found.kept), opening, owed);
  } catch (const std::bad_alloc&) {
    router.give_back(std::move(older));
    throw;
  }
  if (found.resumed || found.lost != 0)
    hub_.say("the link of gateway {} {}, {} messages are lost", printable(asked.gateway.text()),
             found.resumed ? "goes on" : "begins anew", found.lost);
  if (found.resumed) outbox_.go_on_with(std::move(found.losses));
  gateway_ = GatewayId{asked.link, asked.gateway, begun};
}

void ClientSession::take_given_back() {
  if (!gateway_ || !socket_.is_open()) return;
  Router& router = hub_.exchange().router;
  try {
    auto older = router.take_older(gateway_->begun);
    if (older.empty()) return;
    try {
      if (outbox_.empty()) progress_ = Clock::now();
      outbox_.owe(as_sent(older));
    } catch (const std::bad_alloc&) {
      router.give_back(std::move(older));
      throw;
    }
  } catch (const std::bad_alloc&) {
    return starve();
  }
  push();
}

void ClientSession::received(std::uint64_t frames) {
  if (!outbox_.acknowledge(frames)) return close("it has received what was not sent");
  push();
  hub_.drained();
}

bool ClientSession::has_all() const noexcept {
  const Unacknowledged* const kept = outbox_.kept();
  return outbox_.empty() && (kept == nullptr || kept->acknowledged() == kept->written());
}

std::deque<FrameSpan> ClientSession::unsent_messages() const {
  auto unsent = outbox_.unsent();
  std::erase_if(unsent, [](const FrameSpan& span) { return span.own; });
  return unsent;
}

// What there was no memory for on its way here is a loss like another.
void ClientSession::keep_link() noexcept {
  if (!gateway_ || outbox_.kept() == nullptr) return;
  const std::uint64_t owed = outbox_.kept()->messages() + missed_.messages +
                             outbox_.unsent_volume(std::numeric_limits<std::uint64_t>::max()).messages;
  try {
    auto losses = outbox_.losses();
    losses.dropped.messages += missed_.messages;
    losses.dropped.bytes += missed_.bytes;
    if (missed_.messages != 0) losses.untold[{}] += missed_.messages;
    BrokenLink::Left left{{}, outbox_.unsent(), std::move(losses)};
    left.kept = outbox_.take_kept();
    hub_.keep_for(*gateway_, std::move(left));
  } catch (const std::bad_alloc&) {
    hub_.broken_links().forget(owed);
  }
}

void ClientSession::wait_readable() {
  if (reading_) return;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code error) {
    self->reading_ = false;
    if (!error) self->on_readable();
  });
  reading_ = true;
}

void ClientSession::on_readable() {
  try {
    receive();
  } catch (const std::bad_alloc&) {
    give_up();
  }
}

// What it asked for may have been done, and nobody told.
void ClientSession::give_up() {
  hub_.starved("a client connection");
  close("there is no memory for what it asks");
  hub_.repeat_levels();
}

void ClientSession::receive() {
  if (conversation_.busy()) return;  // answer() waits again
  std::array<std::byte, 16 * 1024> bytes;
  const long n = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n == 0) return close("the client has gone");
  if (n < 0 && errno != EAGAIN && errno != EINTR) return close("receiving failed");
  if (n > 0) conversation_.on_bytes(std::span(bytes).first(static_cast<std::size_t>(n)));
  answer();
}

// Goes on with the requests that have been received; reads more when all of them are answered. Where answers wait to
// be sent, this is called again when some have gone.
void ClientSession::answer() {
  if (std::exchange(answering_, true)) return;
  bool more = true;
  while (more && socket_.is_open() && !failed_ && outbox_.reply_bytes() < reply_limit) {
    Outcome outcome;
    more = conversation_.next(hub_.now(), outcome);
    hub_.apply(*this, outcome);
  }
  answering_ = false;
  if (!socket_.is_open() || failed_) return;
  if (!conversation_.makes_sense()) return reject();
  if (!conversation_.busy()) wait_readable();
}

void ClientSession::reject() {
  hub_.exchange().refusals.add(Refusal::rubbish, 1, Clock::now(), "client {}: {} bytes that mean nothing", peer_,
                               conversation_.garbage_bytes());
  close("it does not speak DLT");
}

void ClientSession::send_some() {
  std::array<iovec, ranges_per_call> ranges;
  while (socket_.is_open() && !failed_ && !outbox_.empty()) {
    std::size_t bytes = 0;
    msghdr message{};
    message.msg_iov = ranges.data();
    message.msg_iovlen = outbox_.gather(ranges, bytes_per_call, bytes);
    if (message.msg_iovlen == 0) return is_stuck() ? fail("its requests keep its acknowledgements waiting") : void();
    const long n = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return fail();
    if (n > 0) {
      progress_ = Clock::now();
      outbox_.sent(static_cast<std::size_t>(n));
      if (outbox_.kept() != nullptr && !outbox_.kept()->whole()) return starve();
      tell_loss();
    }
    if (n < 0) {
      socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](std::error_code error) {
                           self->writing_ = false;
                           if (!error) self->on_writable();
                         });
      writing_ = true;
      return;
    }
  }
}

// As much as may be is under way on its link. What goes on then is received(), but requests are not read while so many
// answers wait for what is under way. The next connection gets all of it, and begins with what has come.
bool ClientSession::is_stuck() const noexcept {
  return gateway_ && conversation_.busy() && outbox_.reply_bytes() >= reply_limit;
}

void ClientSession::on_writable() {
  try {
    send_some();
    answer();
  } catch (const std::bad_alloc&) {
    give_up();
  }
  hub_.drained();
}

// Not at once: the router may just be going through its sinks. Without memory for that, with the next tick.
void ClientSession::fail(const char* reason) {
  failed_ = true;
  try {
    asio::post(hub_.io(), [self = shared_from_this(), reason] { self->close(reason); });
  } catch (const std::bad_alloc&) {
  }
}

void ClientSession::revive() {
  if (!socket_.is_open() || failed_) return;
  answering_ = false;  // it was ended early
  push();
  try {
    answer();
  } catch (const std::bad_alloc&) {
    give_up();
  }
}

void ClientSession::tell_loss() {
  const auto lost = outbox_.take_loss();
  if (lost.empty()) return;
  std::uint64_t all = 0;
  for (const auto& [app, messages] : lost) {
    all += messages;
    reply(hub_.exchange().control.lost(app, messages, hub_.now().uptime));
  }
  const auto most =
      std::max_element(lost.begin(), lost.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  spdlog::warn("client {} was too slow: {} messages dropped, {} of them of '{}'", peer_, all, most->second,
               printable(most->first.text()));
}

void ClientSession::tick(Clock::time_point now) {
  if (failed_) return close("it could not be served");
  if (!outbox_.empty() && now - progress_ > hub_.client_timeout()) close("it takes nothing any more");
}

void ClientSession::close(const char* reason) {
  if (!socket_.is_open()) return;
  hub_.say("client {} disconnected: {}", peer_, reason);
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  Router& router = hub_.exchange().router;
  const Volume alone = outbox_.unsent_volume(router.has_alone(*this));
  try {
    keep_link();
    auto unsent = outbox_.take_unsent();
    if (gateway_)  // the link keeps what is older than it
      std::erase_if(unsent, [&](const FrameSpan& span) { return span.routed <= gateway_->begun; });
    router.remove_client(*this, std::move(unsent));
  } catch (const std::bad_alloc&) {  // the backlog does not get back what was not sent
    router.drop_client(*this);
    router.lose(alone);
  }
  if (router.clients() == 0) router.lose(missed_);
  hub_.forget(*this);
}

}  // namespace dlt::daemon
