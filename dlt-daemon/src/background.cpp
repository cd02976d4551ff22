#include "background.hpp"

#include <array>
#include <cstdlib>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dlt::daemon {

Background Background::enter() {
  Background child;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return child;
  Fd reading(ends[0]);
  child.parent_ = Fd(ends[1]);
  const auto pid = ::fork();
  if (pid < 0) child.parent_.reset();
  if (pid <= 0) {
    ::setsid();
    return child;
  }
  child.parent_.reset();
  char byte = 0;
  if (::read(reading.get(), &byte, 1) == 1) ::_exit(EXIT_SUCCESS);
  int status = 0;
  ::waitpid(pid, &status, 0);
  ::_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE);
}

void Background::serving() {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; null && fd <= 2; ++fd) ::dup2(null.get(), fd);
  if (::chdir("/") != 0) ::_exit(EXIT_FAILURE);
  const char byte = 1;
  (void)!::write(parent_.get(), &byte, 1);
  parent_.reset();
}

}  // namespace dlt::daemon
