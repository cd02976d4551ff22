#include "snapshot/process_end.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace dlt::daemon {

namespace {

// As the kernel's linux/pidfd.h has them; Debian 12's headers are older.
constexpr int so_peer_pidfd = 77;
constexpr std::uint64_t info_exit = 1U << 3;
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t ids[11];
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long get_info = _IOWR(0xff, 11, PidfdInfo);

}  // namespace

Fd process_of(int socket) noexcept {
  int fd = -1;
  socklen_t size = sizeof fd;
  if (::getsockopt(socket, SOL_SOCKET, so_peer_pidfd, &fd, &size) != 0) return {};
  return Fd(fd);
}

ProcessEnd end_of_status(int status) noexcept {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

std::optional<ProcessEnd> end_of(const Fd& process) noexcept {
  PidfdInfo info{};
  info.mask = info_exit;
  if (!process || ::ioctl(process.get(), get_info, &info) != 0 || (info.mask & info_exit) == 0) return std::nullopt;
  return end_of_status(info.exit_code);
}

std::string ProcessEnd::text() const {
  if (!by_signal) return fmt::format("exit {}", number);
  const char* name = ::sigabbrev_np(number);
  return name != nullptr ? fmt::format("signal {} SIG{}", number, name) : fmt::format("signal {}", number);
}

}  // namespace dlt::daemon
