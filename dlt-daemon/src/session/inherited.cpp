#include "session/inherited.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

#include <fcntl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "printable.hpp"
#include "session/socket_address.hpp"

namespace dlt::daemon {

namespace {

bool listens(int fd, int family) noexcept { return ::sd_is_socket(fd, family, SOCK_STREAM, 1) > 0; }
bool listens_on_tcp(int fd) noexcept { return listens(fd, AF_INET) || listens(fd, AF_INET6); }

}  // namespace

std::optional<std::string> Inherited::add(const std::string& name, Fd fd) {
  const std::string where = own_address_text(fd.get());
  const bool local = listens(fd.get(), AF_UNIX) && where.starts_with('/');
  const bool tcp = listens_on_tcp(fd.get());
  if (name != "app" && name != "client" && name != "control") {
    spdlog::warn("systemd passed a socket '{}' ({}): not used, names are app, client and control", printable(name),
                 where);
    return std::nullopt;
  }
  const bool fits = name == "app" ? local || tcp : name == "client" ? tcp : local;
  if (!fits)
    return fmt::format("systemd passed a socket '{}' ({}) that is no listening {} stream socket", name, where,
                       name == "app"      ? "Unix (with a path) or TCP"
                       : name == "client" ? "TCP"
                                          : "Unix (with a path)");
  if (::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0)
    return fmt::format("systemd passed a socket '{}' ({}) that cannot be made non-blocking", name, where);
  spdlog::info("socket '{}' from systemd: {}", name, where);
  if (name == "client") client.push_back(std::move(fd));
  else if (name == "app" && tcp) app_tcp.push_back(std::move(fd));
  else if (name == "app") app.push_back(std::move(fd)), app_path = app_path.empty() ? where : app_path;
  else control.push_back(std::move(fd)), control_path = control_path.empty() ? where : control_path;
  return std::nullopt;
}

std::optional<Inherited> take_inherited() {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  if (count < 0) spdlog::warn("sockets from systemd cannot be taken: {}", std::generic_category().message(-count));
  Inherited taken;
  bool good = true;
  for (int i = 0; i < count; ++i) {
    const auto problem = taken.add(names[i], Fd(SD_LISTEN_FDS_START + i));
    if (problem) spdlog::critical("{}", *problem);
    good = good && !problem;
    std::free(names[i]);
  }
  std::free(names);
  if (!good) return std::nullopt;
  return taken;
}

}  // namespace dlt::daemon
