#include "session/listener.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>

#include "session/socket_address.hpp"
#include "session/watch_peer.hpp"

namespace dlt::daemon {

namespace {

constexpr int accepts_per_turn = 64;
constexpr int accepts_at_the_end = 4096;
constexpr auto pause_when_starved = std::chrono::milliseconds(200);

}  // namespace

Listener::Listener(asio::io_context& io, Fd listening, std::chrono::seconds peer_timeout, Accepted accepted)
    : socket_(io), timer_(io), peer_timeout_(peer_timeout), accepted_(std::move(accepted)), reserve_(open_reserve()) {
  socket_.assign(listening.release());
}

Fd Listener::open_reserve() noexcept { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void Listener::start() { wait(); }

void Listener::revive() {
  if (!waiting_ && socket_.is_open()) wait();
}

void Listener::wait() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
    waiting_ = false;
    if (error) return;
    Round round = Round::more;
    for (int i = 0; i < accepts_per_turn && round == Round::more; ++i) round = accept_one();
    if (round == Round::starved) return pause();
    starved_ = false;
    wait();
  });
  waiting_ = true;
}

Listener::Round Listener::accept_one() {
  sockaddr_storage who{};
  socklen_t size = sizeof who;
  Fd socket(::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&who), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket) {
    if (who.ss_family != AF_UNIX) watch_peer(socket.get(), peer_timeout_);
    try {
      accepted_(std::move(socket), address_text(who, size));
    } catch (const std::exception& e) {  // no memory, no room in the kernel's tables: this peer is not served
      spdlog::error("a connection could not be served: {}", e.what());
      return Round::starved;
    }
    return socket_.is_open() ? Round::more : Round::none;
  }
  if (errno == EAGAIN || errno == EINTR) return Round::none;
  if (errno == ECONNABORTED || errno == EPROTO) return Round::more;
  const int error = errno;
  if (!starved_) spdlog::error("cannot accept connections: {}", std::generic_category().message(error));
  starved_ = true;
  if (error != EMFILE && error != ENFILE) return Round::starved;
  reserve_.reset();
  const Fd refused(::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
  return Round::starved;
}

void Listener::pause() {
  timer_.expires_after(pause_when_starved);
  timer_.async_wait([this](std::error_code error) {
    waiting_ = false;
    if (error) return;
    if (!reserve_) reserve_ = open_reserve();
    wait();
  });
  waiting_ = true;
}

void Listener::finish() {
  for (int i = 0; i < accepts_at_the_end; ++i)
    if (accept_one() != Round::more) break;
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace dlt::daemon
