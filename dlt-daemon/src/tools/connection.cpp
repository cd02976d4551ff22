#include "tools/connection.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace dlt::tools {

namespace {

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

std::optional<std::uint16_t> port_in(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// A daemon whose machine has gone is noticed within a minute or so.
void watch_peer(int fd) {
  const int on = 1;
  const int seconds = 20;
  const int probes = 3;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::error_code connect_within(int fd, const sockaddr* to, socklen_t size, int ms, const Stop& stop) {
  if (::connect(fd, to, size) == 0) return {};
  if (errno != EINPROGRESS) return last_error();
  if (!stop.wait_for(fd, POLLOUT, ms)) return Errc::timed_out;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return {error, std::system_category()};
}

daemon::Fd connect_unix(const std::string& path, const Stop& stop, std::error_code& error) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path) return error = make_error_code(Errc::too_large), daemon::Fd();
  std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
  daemon::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  error = fd ? connect_within(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to, 0, stop) : last_error();
  return fd;
}

daemon::Fd connect_any(const addrinfo* list, int ms, const Stop& stop, std::error_code& error) {
  for (const addrinfo* a = list; a != nullptr && !stop.asked(); a = a->ai_next) {
    daemon::Fd fd(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    error = fd ? connect_within(fd.get(), a->ai_addr, a->ai_addrlen, ms, stop) : last_error();
    if (error) continue;
    watch_peer(fd.get());
    return fd;
  }
  return {};
}

}  // namespace

std::string Address::text() const {
  if (!unix_path.empty()) return unix_path;
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<std::uint16_t> choose_port(const std::string* option, std::string& problem) {
  const char* from_environment = std::getenv("DLT_DAEMON_TCP_PORT");
  if (option == nullptr && (from_environment == nullptr || *from_environment == '\0')) return default_port;
  const std::string text = option != nullptr ? *option : from_environment;
  const auto port = port_in(text);
  if (!port)
    problem =
        std::string(option != nullptr ? "-p" : "DLT_DAEMON_TCP_PORT") + " is a port, 1 to 65535, not '" + text + "'";
  return port;
}

std::optional<Connection> Connection::open(const Address& address, Milliseconds limit, const Stop& stop,
                                           std::string& problem) {
  std::error_code error;
  daemon::Fd fd;
  problem.clear();
  if (!address.unix_path.empty()) {
    fd = connect_unix(address.unix_path, stop, error);
  } else {
    std::string host = address.host;
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
    if (failed != 0) {
      problem = "cannot find " + address.host + ": " + ::gai_strerror(failed);
      return std::nullopt;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
    fd = connect_any(list, static_cast<int>(limit.count()), stop, error);
  }
  if (stop.asked()) return std::nullopt;
  if (!fd || error) {
    problem = "cannot connect to " + address.text() + ": " + error.message();
    return std::nullopt;
  }
  return Connection(std::move(fd), stop);
}

std::error_code Connection::send(proto::Bytes bytes, Milliseconds limit) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if (errno != EAGAIN && errno != EINTR) return last_error();
    else if (!stop_->wait_for(fd_.get(), POLLOUT, static_cast<int>(limit.count()))) return Errc::timed_out;
  }
  return {};
}

Result<std::size_t> Connection::receive(std::span<std::byte> into, Milliseconds limit) {
  for (;;) {
    if (stop_->asked()) return Errc::timed_out;
    const ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR) return last_error();
    if (!stop_->wait_for(fd_.get(), POLLIN, static_cast<int>(limit.count()))) return Errc::timed_out;
  }
}

}  // namespace dlt::tools
