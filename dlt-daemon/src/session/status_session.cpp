#include "session/status_session.hpp"

#include <spdlog/spdlog.h>

#include <array>

#include <sys/socket.h>

namespace dlt::daemon {

namespace {
constexpr auto limit = std::chrono::seconds(5);
constexpr std::size_t question_limit = 256;
}  // namespace

StatusSession::StatusSession(asio::io_context& io, Fd socket, std::shared_ptr<void> ticket, Answer answer)
    : socket_(io), limit_(io), ticket_(std::move(ticket)), answer_(std::move(answer)) {
  socket_.assign(socket.get());
  static_cast<void>(socket.release());  // not before: assign() may throw
}

void StatusSession::start() {
  limit_.expires_after(limit);
  limit_.async_wait([self = shared_from_this()](std::error_code error) {
    if (!error) self->close();
  });
  try {
    wait_readable();
  } catch (const std::bad_alloc&) {
    close();
  }
}

void StatusSession::wait_readable() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](std::error_code error) {
    if (!error) self->on_readable();
  });
}

void StatusSession::on_readable() {
  try {
    receive();
  } catch (const std::bad_alloc&) {
    spdlog::error("there is no memory for an answer at the control socket");
    close();
  }
}

void StatusSession::receive() {
  std::array<char, question_limit> bytes;
  const auto n = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return wait_readable();
  if (n <= 0) return close();
  question_.append(bytes.data(), static_cast<std::size_t>(n));
  const auto end = question_.find('\n');
  if (end == std::string::npos) return question_.size() < question_limit ? wait_readable() : close();
  out_ = answer_(std::string_view(question_).substr(0, end));
  send_some();
}

void StatusSession::send_some() {
  while (sent_ < out_.size()) {
    const auto n =
        ::send(socket_.native_handle(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      sent_ += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {
      return socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                                [self = shared_from_this()](std::error_code error) {
                                  if (!error) self->send_some();
                                });
    } else {
      break;
    }
  }
  close();
}

void StatusSession::close() {
  std::error_code ignored;  // closing is all that can be done
  socket_.close(ignored);
  limit_.cancel();
}

}  // namespace dlt::daemon
