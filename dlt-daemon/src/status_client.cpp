#include "status_client.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "session/fd.hpp"

namespace dlt::daemon {

namespace {
std::error_code last_error() noexcept { return {errno, std::system_category()}; }
}  // namespace

Result<std::string> ask_status(const std::string& socket_path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof where.sun_path) return Errc::too_large;
  std::memcpy(where.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return last_error();
  const timeval limit{5, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) return last_error();
  constexpr std::string_view question = "status\n";
  if (::send(fd.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0) return last_error();
  std::string answer;
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    const auto n = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (n == 0) return answer;
    if (n < 0 && errno == EAGAIN) return Errc::timed_out;
    if (n < 0 && errno != EINTR) return last_error();
    if (n > 0) answer.append(bytes.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace dlt::daemon
