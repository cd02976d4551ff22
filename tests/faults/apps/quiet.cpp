// Log calls that strace watches: the thread's first message of each level, then, between two calls of getppid(),
// `count` more of any level. quiet COUNT
#include <dlt/dlt.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

// Of the preloaded counter of requests for memory, if there is one.
extern "C" [[gnu::weak]] void starve(int on);
extern "C" [[gnu::weak]] std::int64_t starve_seen();

int main(int, char** argv) {
  const int count = std::atoi(argv[1]);
  // Without a daemon nobody is woken: a system call would be one of the log call's own.
  auto session = dlt::start({.app = "QUIE", .exit_flush = std::chrono::milliseconds(0)});
  if (!session) return 1;
  dlt::Context c("CTX1", "watched", dlt::Level::verbose);
  const auto log = [&](int i) {
    DLT_FATAL(c, "{} of {}", i, count);
    DLT_ERROR(c, "{} of {}", i, 0.5 * i);
    DLT_INFO(c, "{} of {}", i, "a text that is not short");
    DLT_VERBOSE(c, "{}", std::string_view("view"));
  };
  log(-1);
  if (starve != nullptr) starve(1);
  syscall(SYS_getppid);
  for (int i = 0; i < count; ++i) log(i);  // over all chunks and, in overwrite mode, many times around
  syscall(SYS_getppid);
  if (starve == nullptr) return 0;
  const std::int64_t before = starve_seen();
  void* volatile one = std::malloc(1);
  std::free(one);
  if (starve_seen() != before + 1) return 2;  // it counts
  std::printf("%ld requests\n", before);
}
