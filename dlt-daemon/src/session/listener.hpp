// Accepts connections on one listening socket.
//
// When the process has no descriptor left, the newcomer is refused (a descriptor kept in reserve makes that possible)
// and accepting pauses for a moment, so that starving costs no time. Owns the socket. The io thread's.
#pragma once

#include <functional>
#include <string>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "session/fd.hpp"

namespace dlt::daemon {

class Listener {
 public:
  using Accepted = std::function<void(Fd socket, std::string peer)>;

  // `peer_timeout`: a TCP peer that has vanished is noticed after this time.
  Listener(asio::io_context& io, Fd listening, std::chrono::seconds peer_timeout, Accepted accepted);

  void start();
  // Accepts again, should an error have ended that.
  void revive();
  // Accepts who has connected already, then nobody any more.
  void finish();

 private:
  enum class Round : std::uint8_t { more, none, starved };

  void wait();
  Round accept_one();
  void pause();
  static Fd open_reserve() noexcept;

  asio::posix::stream_descriptor socket_;
  asio::steady_timer timer_;
  const std::chrono::seconds peer_timeout_;
  Accepted accepted_;
  Fd reserve_;
  bool starved_ = false;  // said so already
  bool waiting_ = false;  // for a connection, or for the pause to end
};

}  // namespace dlt::daemon
