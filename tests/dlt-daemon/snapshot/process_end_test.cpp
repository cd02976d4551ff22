#include "snapshot/process_end.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

using namespace dlt::daemon;

TEST_CASE("an end is told in words") {
  CHECK(ProcessEnd{true, 11}.text() == "signal 11 SIGSEGV");
  CHECK(ProcessEnd{true, 64}.text() == "signal 64");
  CHECK(ProcessEnd{false, 3}.text() == "exit 3");
  CHECK(end_of_status(0x0300).text() == "exit 3");
  CHECK(end_of_status(9).text() == "signal 9 SIGKILL");
  CHECK(end_of_status(11 | 0x80).text() == "signal 11 SIGSEGV");  // with a core
}

TEST_CASE("a process that lives has no end, and one that was waited for tells it where the kernel does") {
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
  const Fd ours(pair[0]);
  const Fd theirs(pair[1]);
  const Fd self = process_of(ours.get());
  if (!self) return;  // before Linux 6.5
  CHECK_FALSE(end_of(self));
  CHECK_FALSE(end_of(Fd()));
}
