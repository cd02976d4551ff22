#include "sigpipe_guard.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "support/isolated.hpp"

using namespace dlt::detail;
using namespace dlt::test;

namespace {

std::atomic<int> came{0};

// A pipe that nobody reads.
int broken_pipe() {
  std::array<int, 2> ends{};
  expect(::pipe(ends.data()) == 0, "pipe");
  ::close(ends[0]);
  return ends[1];
}

void write_guarded(int fd) {
  SigpipeGuard guard;
  expect(::write(fd, "x", 1) < 0 && errno == EPIPE, "EPIPE");
  guard.on_broken_pipe();
}

bool sigpipe_is_pending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

TEST_CASE("a write into a pipe that nobody reads raises nothing, and the mask is as before") {
  CHECK(isolated([] {
          ::signal(SIGPIPE, [](int) { ++came; });
          const int fd = broken_pipe();
          for (int i = 0; i < 3; ++i) write_guarded(fd);
          expect_equal(came.load(), 0, "signals");
          (void)!::write(fd, "x", 1);
          expect_equal(came.load(), 1, "the application's own write still has its signal");
        }) == "");
}

TEST_CASE("a SIGPIPE that was pending before stays the application's") {
  CHECK(isolated([] {
          ::signal(SIGPIPE, [](int) { ++came; });
          sigset_t sigpipe;
          sigemptyset(&sigpipe);
          sigaddset(&sigpipe, SIGPIPE);
          pthread_sigmask(SIG_BLOCK, &sigpipe, nullptr);
          const int fd = broken_pipe();
          write_guarded(fd);
          expect(!sigpipe_is_pending(), "ours was taken away");
          ::raise(SIGPIPE);
          write_guarded(fd);
          expect(sigpipe_is_pending(), "theirs is still there");
          pthread_sigmask(SIG_UNBLOCK, &sigpipe, nullptr);
          expect_equal(came.load(), 1, "signals");
        }) == "");
}
