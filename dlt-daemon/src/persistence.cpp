#include "persistence.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "paths.hpp"

namespace dlt::daemon {

namespace {

constexpr const char* application_name = "dlt-runtime-application.cfg";
constexpr const char* context_name = "dlt-runtime-context.cfg";
constexpr std::size_t size_limit = 16 << 20;  // of a file that is read

std::string why() { return std::generic_category().message(errno); }

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool exchange(int directory, const std::string& name, std::string_view text) {
  const std::string fresh = name + ".new";
  ::unlinkat(directory, fresh.c_str(), 0);
  const Fd file(create_beneath(directory, fresh.c_str(), 0640));
  if (file && write_all(file.get(), text) && ::renameat(directory, fresh.c_str(), directory, name.c_str()) == 0)
    return true;
  const int error = errno;
  ::unlinkat(directory, fresh.c_str(), 0);
  errno = error;
  return false;
}

}  // namespace

Fd Persistence::open() const {
  std::string problem;
  Fd directory = open_directory(directory_, storage_rule, problem);
  if (!directory) spdlog::error("levels cannot be kept in {}: {}", directory_, problem);
  return directory;
}

std::string Persistence::load() const {
  if (!enabled()) return {};
  const Fd directory = open();
  if (!directory) return {};
  const Fd file(::openat(directory.get(), context_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file && errno == ENOENT) return {};
  std::string text(size_limit, '\0');
  std::size_t have = 0;
  for (ssize_t n = 1; file && n != 0 && have < text.size();) {
    n = ::read(file.get(), text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    have += static_cast<std::size_t>(n);
    if (n == 0) return text.resize(have), text;
  }
  if (have == text.size())
    spdlog::error("{}/{} has more than {} bytes: not read", directory_, context_name, size_limit);
  else spdlog::error("cannot read {}/{}: {}", directory_, context_name, why());
  return {};
}

bool Persistence::store(const std::string& applications, const std::string& contexts) const {
  const Fd directory = open();
  if (!directory) return false;
  if (exchange(directory.get(), application_name, applications) && exchange(directory.get(), context_name, contexts))
    return true;
  spdlog::error("levels cannot be kept in {}: {}", directory_, why());
  return false;
}

bool Persistence::forget() const {
  const Fd directory = open();
  if (!directory) return false;
  bool gone = true;
  for (const char* name : {application_name, context_name})
    if (::unlinkat(directory.get(), name, 0) != 0 && errno != ENOENT) {
      spdlog::error("cannot delete {}/{}: {}", directory_, name, why());
      gone = false;
    }
  return gone;
}

}  // namespace dlt::daemon
