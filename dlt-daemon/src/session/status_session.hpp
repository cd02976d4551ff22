// One question on the control socket: a line `status`, answered with one JSON document; then the connection ends.
//
// Owns the socket; ends by itself after the answer or a few seconds. The io thread's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "session/fd.hpp"

namespace dlt::daemon {

class StatusSession : public std::enable_shared_from_this<StatusSession> {
 public:
  using Answer = std::function<std::string(std::string_view question)>;

  // `ticket` is held until the session ends.
  StatusSession(asio::io_context& io, Fd socket, std::shared_ptr<void> ticket, Answer answer);

  void start();

 private:
  void wait_readable();
  void on_readable();
  void receive();
  void send_some();
  void close();

  asio::posix::stream_descriptor socket_;
  asio::steady_timer limit_;
  const std::shared_ptr<void> ticket_;
  Answer answer_;
  std::string question_;
  std::string out_;
  std::size_t sent_ = 0;
};

}  // namespace dlt::daemon
