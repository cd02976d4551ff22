#include "session/listen.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace dlt::daemon {

namespace {

constexpr int backlog = 1024;

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

socklen_t fill_v4(sockaddr_storage& out, const void* address, std::uint16_t port) noexcept {
  sockaddr_in v4{};
  std::memcpy(&v4.sin_addr, address, sizeof v4.sin_addr);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  std::memcpy(&out, &v4, sizeof v4);
  return sizeof v4;
}

// Fills an IPv4 or IPv6 address; its size, 0 if the text is neither. An IPv4 address in the clothes of IPv6
// (::ffff:127.0.0.1: builds of the incumbent's daemon read no other form) is an IPv4 address.
socklen_t fill(sockaddr_storage& out, const std::string& address, std::uint16_t port) noexcept {
  out = {};
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return fill_v4(out, &v4, port);
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1) return 0;
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return fill_v4(out, v6.sin6_addr.s6_addr + 12, port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

bool is_ipv4(const std::string& address) noexcept {
  sockaddr_storage where{};
  return fill(where, address, 0) != 0 && where.ss_family == AF_INET;
}

bool socket_or_nothing(const std::string& path) noexcept {
  struct stat info {};
  return ::lstat(path.c_str(), &info) != 0 ? errno == ENOENT : S_ISSOCK(info.st_mode);
}

bool not_here(std::error_code error) noexcept {
  return error == std::errc::address_not_available || error == std::errc::address_family_not_supported;
}

}  // namespace

Result<Fd> listen_tcp(const std::string& address, std::uint16_t port, bool ipv4_too) {
  sockaddr_storage where{};
  const socklen_t size = fill(where, address, port);
  if (size == 0) return Errc::invalid_argument;
  Fd fd(::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error();
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int v6_only = ipv4_too ? 0 : 1;
  if (where.ss_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), size) != 0) return last_error();
  if (::listen(fd.get(), backlog) != 0) return last_error();
  return fd;
}

std::uint16_t port_of(const Fd& socket) noexcept {
  sockaddr_storage where{};
  socklen_t size = sizeof where;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0) return 0;
  std::uint16_t port = 0;  // at the same place in both families
  std::memcpy(&port, reinterpret_cast<const char*>(&where) + 2, sizeof port);
  return ntohs(port);
}

Result<std::vector<Fd>> listen_tcp(const std::vector<std::string>& addresses, std::uint16_t port,
                                   std::vector<std::string>& missing) {
  // "::" and "0.0.0.0" may stand beside each other; "::" alone stands for both, as it does for the incumbent.
  const bool has_ipv4 = std::any_of(addresses.begin(), addresses.end(), is_ipv4);
  // A port that the kernel chose for the first address may be taken on the second.
  std::error_code error = make_error_code(Errc::invalid_argument);
  for (int attempt = 0; attempt < (port == 0 ? 16 : 1); ++attempt) {
    std::vector<Fd> sockets;
    missing.clear();
    error = {};
    for (const auto& address : addresses) {
      auto socket = listen_tcp(address, sockets.empty() ? port : port_of(sockets.front()), !has_ipv4);
      if (socket) {
        sockets.push_back(*std::move(socket));
      } else if (not_here(socket.error())) {
        missing.push_back(address);
      } else {
        error = socket.error();
        break;
      }
    }
    if (!error && sockets.empty()) return make_error_code(std::errc::address_not_available);
    if (!error) return sockets;
    if (error != std::errc::address_in_use) break;
  }
  return error;
}

Result<Fd> listen_unix(const std::string& path, unsigned mode, const std::string& group) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const std::string fresh = path + ".new";
  if (fresh.size() >= sizeof where.sun_path) return Errc::too_large;
  std::memcpy(where.sun_path, fresh.c_str(), fresh.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error();
  if (!socket_or_nothing(fresh) || !socket_or_nothing(path)) return std::make_error_code(std::errc::file_exists);
  ::unlink(fresh.c_str());
  // The file gets the mode of the socket: there is no moment in which a name is changed that somebody could exchange.
  if (::fchmod(fd.get(), mode) != 0) return last_error();
  const mode_t mask = ::umask(0);
  const int bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where);
  const auto bind_error = last_error();
  ::umask(mask);
  if (bound != 0) return bind_error;
  if (!group.empty()) {
    const struct group* g = ::getgrnam(group.c_str());
    if (g == nullptr) return Errc::invalid_argument;
    if (::lchown(fresh.c_str(), static_cast<uid_t>(-1), g->gr_gid) != 0) return last_error();
  }
  if (::listen(fd.get(), backlog) != 0) return last_error();
  if (::rename(fresh.c_str(), path.c_str()) != 0) return last_error();
  return fd;
}

}  // namespace dlt::daemon
