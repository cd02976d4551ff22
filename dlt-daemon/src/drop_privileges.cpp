#include "drop_privileges.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.hpp"

namespace dlt::daemon {

namespace {

using Problem = std::optional<std::string>;

Problem because(const std::string& what) { return what + ": " + std::generic_category().message(errno); }

// In a folder of his the user deletes the sockets at the end and takes the locks the next time. In one of root's he can
// do neither, and the next daemon of root's would not take a lock of his.
Problem give_sockets(const struct passwd& user, const Config& config) {
  for (const auto& socket : {config.app_socket, config.status_socket, config.control_socket}) {
    if (socket.empty()) continue;
    struct stat folder {};
    if (::stat(socket.substr(0, socket.find_last_of('/')).c_str(), &folder) != 0 || folder.st_uid != user.pw_uid)
      continue;
    for (const auto& path : {socket, socket + ".lock"})
      if (::lchown(path.c_str(), user.pw_uid, static_cast<gid_t>(-1)) != 0 && errno != ENOENT)
        return because("cannot give away " + path);
  }
  return std::nullopt;
}

// Only what is made here is given away: a directory that is there may belong to others for a reason.
Problem make_storage(const struct passwd& user, const std::string& path) {
  if (path.empty() || ::access(path.c_str(), F_OK) == 0) return std::nullopt;
  constexpr DirectoryRule rule{true, false, 0750};
  std::string problem;
  const Fd directory = open_directory(path, rule, problem);
  if (!directory) return "no storage directory: " + problem;
  if (::fchown(directory.get(), user.pw_uid, user.pw_gid) != 0) return because("cannot give away " + path);
  return std::nullopt;
}

bool is_for_good(const struct passwd& user) noexcept {
  uid_t uid[3];
  gid_t gid[3];
  if (::getresuid(&uid[0], &uid[1], &uid[2]) != 0 || ::getresgid(&gid[0], &gid[1], &gid[2]) != 0) return false;
  for (int i = 0; i < 3; ++i)
    if (uid[i] != user.pw_uid || gid[i] != user.pw_gid) return false;
  return user.pw_uid == 0 || (::setuid(0) != 0 && ::seteuid(0) != 0);
}

Problem become(const struct passwd& user) {
  if (::initgroups(user.pw_name, user.pw_gid) != 0) return because("cannot take the groups of the user");
  if (::setresgid(user.pw_gid, user.pw_gid, user.pw_gid) != 0) return because("cannot take the group of the user");
  if (::setresuid(user.pw_uid, user.pw_uid, user.pw_uid) != 0) return because("cannot become the user");
  if (!is_for_good(user)) return "is still able to become root";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> drop_privileges(const std::string& name, const Config& config) {
  const auto problem = [&](const Problem& p) { return fmt::format("--user {}: {}", name, *p); };
  errno = 0;
  const struct passwd* user = ::getpwnam(name.c_str());
  if (user == nullptr) return problem(errno == 0 ? "there is no such user" : because("cannot be looked up"));
  if (::geteuid() == user->pw_uid) return std::nullopt;
  if (::geteuid() != 0) return problem("only root can become another user");
  if (auto p = give_sockets(*user, config)) return problem(p);
  if (auto p = make_storage(*user, config.storage_directory)) return problem(p);
  if (auto p = make_storage(*user, config.snapshot_directory)) return problem(p);
  if (auto p = become(*user)) return problem(p);
  return std::nullopt;
}

}  // namespace dlt::daemon
