// One non-blocking stream socket to a daemon. Owns its descriptor (close-on-exec). One thread at a time.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::detail {

// A place in a network, as the kernel is told.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;

  [[nodiscard]] bool operator==(const Endpoint& other) const noexcept;
};

class Socket {
 public:
  static constexpr int send_buffer = 4 << 20;  // asked for; the kernel grants what net.core.wmem_max allows

  // Over a network: a peer that has acknowledged nothing for so long, neither data nor probes, is gone, and the
  // connection ends. Without this a partition of T seconds costs up to another T (TCP waits twice as long each time),
  // and a peer that vanished while nothing was logged is found out after a quarter of an hour of writing to it.
  static constexpr std::chrono::milliseconds peer_timeout{10'000};

  Socket() = default;
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Begins to connect, to a Unix path or over TCP. An empty code: connected or on the way, then finish_connect() tells.
  // finish_connect: std::errc::operation_would_block while it is not known.
  std::error_code connect(const std::string& path) noexcept;
  std::error_code connect(const Endpoint& to) noexcept;
  std::error_code finish_connect() noexcept;
  void close() noexcept;
  // After fork, in the child: closes the descriptor if it is still the parent's socket. Another thread may have been
  // about to open or close it when the process was copied.
  void abandon_in_child() noexcept;

  // Bytes moved. std::errc::operation_would_block: nothing now. Errc::closed: the other end is gone; receive: it has
  // ended the stream (reset it: std::errc::connection_reset).
  [[nodiscard]] Result<std::size_t> send(std::span<const iovec> ranges) noexcept;
  [[nodiscard]] Result<std::size_t> send_with_descriptor(proto::Bytes bytes, int fd) noexcept;
  [[nodiscard]] Result<std::size_t> receive(std::span<std::byte> into) noexcept;

  // The other end sees the end of the stream behind what was sent; receiving goes on.
  void finish_sending() noexcept;
  void wait_readable(std::chrono::milliseconds limit) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] bool is_unix() const noexcept { return unix_; }

 private:
  std::error_code connect(int domain, const sockaddr* to, socklen_t size) noexcept;
  void watch_peer() noexcept;
  void adopt(int fd) noexcept;

  int fd_ = -1;
  std::uint64_t inode_ = 0;  // of fd_
  bool unix_ = false;
};

[[nodiscard]] inline bool would_block(std::error_code e) noexcept {
  return e == std::errc::operation_would_block || e == std::errc::resource_unavailable_try_again;
}

}  // namespace dlt::detail
