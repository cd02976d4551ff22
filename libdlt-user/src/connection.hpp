// The connection to a daemon, by whichever way its address says: a stream socket, or the incumbent's FIFOs. Which of
// the two is asked once a call. One thread at a time.
#pragma once

#include "fifo.hpp"
#include "socket.hpp"

namespace dlt::detail {

class Connection {
 public:
  // What a poll() has to look at; -1: nothing. A FIFO that nobody reads any more says POLLERR on `write`.
  struct Descriptors {
    int read = -1;
    int write = -1;
  };

  // A path: connected at once. `pid` is this process. `unanswered`: see Fifo::open.
  [[nodiscard]] std::error_code connect(const Address& to, std::int32_t pid, std::error_code& unanswered) {
    close();
    return to.kind == Address::Kind::fifo ? fifo_.open(to, pid, unanswered) : socket_.connect(to.path);
  }
  // As Socket::connect.
  [[nodiscard]] std::error_code connect(const Endpoint& to) noexcept {
    close();
    return socket_.connect(to);
  }
  [[nodiscard]] std::error_code finish_connect() noexcept { return socket_.finish_connect(); }
  void close() noexcept {
    socket_.close();
    fifo_.close();
  }
  void abandon_in_child() noexcept {
    socket_.abandon_in_child();
    fifo_.abandon_in_child();
  }

  // To a FIFO only whole messages, of which it takes whole ones.
  [[nodiscard]] Result<std::size_t> send(std::span<const iovec> ranges) noexcept {
    return is_fifo() ? fifo_.send(ranges) : socket_.send(ranges);
  }
  [[nodiscard]] Result<std::size_t> receive(std::span<std::byte> into) noexcept {
    return is_fifo() ? fifo_.receive(into) : socket_.receive(into);
  }
  [[nodiscard]] Socket& socket() noexcept { return socket_; }  // for what only sockets can do
  // Messages that were too long for the FIFO and so count as sent, ever.
  [[nodiscard]] std::uint64_t passed_over() const noexcept { return fifo_.passed_over(); }

  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open() || fifo_.is_open(); }
  [[nodiscard]] bool is_fifo() const noexcept { return fifo_.is_open(); }
  [[nodiscard]] bool is_unix() const noexcept { return socket_.is_open() && socket_.is_unix(); }
  [[nodiscard]] Descriptors descriptors() const noexcept {
    if (is_fifo()) return {fifo_.answers(), fifo_.fd()};
    return {socket_.fd(), socket_.fd()};
  }

 private:
  Socket socket_;
  Fifo fifo_;
};

}  // namespace dlt::detail
