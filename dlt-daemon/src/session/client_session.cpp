#include "session/client_session.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <asio/post.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "session/hub.hpp"

namespace dlt::daemon {

namespace {
constexpr std::size_t ranges_per_call = 512;
constexpr std::size_t bytes_per_call = 1 << 20;
constexpr std::size_t reply_limit = 1 << 20;  // bytes of answers waiting; no more requests are read beyond

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

ClientSession::ClientSession(Hub& hub, Fd socket, std::string peer)
    : hub_(hub),
      socket_(hub.io()),
      peer_(std::move(peer)),
      since_(Clock::now()),
      conversation_(hub.exchange()),
      outbox_(hub.client_limits()),
      progress_(since_) {
  let_wait(socket.get(), hub.client_timeout());
  socket_.assign(socket.release());
}

void ClientSession::start() {
  Exchange& exchange = hub_.exchange();
  outbox_.reply(
      exchange.own.put(exchange.control.connection_info(proto::control::ConnectionInfo::connected, hub_.now().uptime)));
  outbox_.replay(exchange.router.add_client(*this));
  wait_readable();
  send_some();
}

void ClientSession::accept(const FrameSpan& span, Clock::time_point now) {
  if (outbox_.empty()) progress_ = now;
  outbox_.push(span, now);
}

void ClientSession::push() {
  if (!writing_ && !failed_ && !outbox_.empty()) send_some();
}

void ClientSession::reply(const Frame& frame) {
  if (outbox_.empty()) progress_ = Clock::now();
  outbox_.reply(hub_.exchange().own.put(frame));
}

void ClientSession::wait_readable() {
  if (std::exchange(reading_, true)) return;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code error) {
    self->reading_ = false;
    if (!error) self->on_readable();
  });
}

void ClientSession::on_readable() {
  std::array<std::byte, 16 * 1024> bytes;
  const long n = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n == 0) return close("the client has gone");
  if (n < 0 && errno != EAGAIN && errno != EINTR) return close("receiving failed");
  if (n > 0) {
    Outcome outcome;
    if (!conversation_.on_bytes(std::span(bytes).first(static_cast<std::size_t>(n)), hub_.now(), outcome))
      return close("it does not speak DLT");
    hub_.apply(*this, outcome);
  }
  if (socket_.is_open() && outbox_.reply_bytes() < reply_limit) wait_readable();
}

void ClientSession::send_some() {
  std::array<iovec, ranges_per_call> ranges;
  while (socket_.is_open() && !failed_ && !outbox_.empty()) {
    std::size_t bytes = 0;
    msghdr message{};
    message.msg_iov = ranges.data();
    message.msg_iovlen = outbox_.gather(ranges, bytes_per_call, bytes);
    const long n = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return fail();
    if (n > 0) {
      progress_ = Clock::now();
      outbox_.sent(static_cast<std::size_t>(n));
      tell_loss();
    }
    if (n < 0) {
      writing_ = true;
      socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [self = shared_from_this()](std::error_code error) {
                           self->writing_ = false;
                           if (error) return;
                           self->send_some();
                           self->hub_.drained();
                         });
      return;
    }
  }
  if (socket_.is_open() && outbox_.reply_bytes() < reply_limit) wait_readable();
}

// Not at once: the router may just be going through its sinks.
void ClientSession::fail() {
  failed_ = true;
  asio::post(hub_.io(), [self = shared_from_this()] { self->close("sending failed"); });
}

void ClientSession::tell_loss() {
  const std::uint64_t lost = outbox_.take_loss();
  if (lost == 0) return;
  spdlog::warn("client {} was too slow: {} messages dropped", peer_, lost);
  reply(hub_.exchange().control.lost({}, lost, hub_.now().uptime));
}

void ClientSession::tick(Clock::time_point now) {
  if (!outbox_.empty() && now - progress_ > hub_.client_timeout()) close("it takes nothing any more");
}

void ClientSession::close(const char* reason) {
  if (!socket_.is_open()) return;
  hub_.say("client {} disconnected: {}", peer_, reason);
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  std::size_t replayed = 0;
  auto unsent = outbox_.take_unsent(replayed);
  hub_.exchange().router.remove_client(*this, std::move(unsent), replayed);
  hub_.forget(*this);
}

}  // namespace dlt::daemon
