// An application that logs for so many seconds whatever its daemon says: refused SECONDS. Prints what it cost.
#include <dlt/dlt.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

int main(int, char** argv) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  auto session = dlt::start({.app = "RFSD"});
  if (!session) return 1;
  dlt::Context c("RFSD");
  while (std::chrono::steady_clock::now() < end) {
    DLT_INFO(c, "nobody takes this");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const long us =
      (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  std::printf("cpu_us %ld\n", us);
  return 0;
}
