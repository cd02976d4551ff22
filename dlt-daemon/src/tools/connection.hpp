// A client's connection to a daemon: TCP by name or address (each address of a name is tried), or a Unix socket.
//
// Non-blocking inside; waiting ends when the tool is asked to stop or a limit has passed. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "session/fd.hpp"
#include "tools/stop.hpp"

namespace dlt::tools {

inline constexpr std::uint16_t default_port = 3490;

struct Address {
  std::string host = "127.0.0.1";  // a name, IPv4, IPv6 with or without brackets
  std::uint16_t port = default_port;
  std::string unix_path;  // if not empty, this and nothing else

  [[nodiscard]] std::string text() const;
};

// -p, else DLT_DAEMON_TCP_PORT, else 3490. Nothing, and `problem` set: one of them is no port.
[[nodiscard]] std::optional<std::uint16_t> choose_port(const std::string* option, std::string& problem);

class Connection {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // Nothing: why it could not be done is in `problem`; empty if asked to stop.
  [[nodiscard]] static std::optional<Connection> open(const Address& address, Milliseconds limit, const Stop& stop,
                                                      std::string& problem);

  // All of it, or why not.
  std::error_code send(proto::Bytes bytes, Milliseconds limit);
  // What has come, 0 where the daemon has closed. Errc::timed_out: nothing came; also when asked to stop.
  [[nodiscard]] Result<std::size_t> receive(std::span<std::byte> into, Milliseconds limit);

 private:
  Connection(daemon::Fd fd, const Stop& stop) : fd_(std::move(fd)), stop_(&stop) {}

  daemon::Fd fd_;
  const Stop* stop_;
};

}  // namespace dlt::tools
