// An application that counts: numbers ID [COUNT]. Logs 0, 1, 2 … as warnings, each a second time as a debug message:
// COUNT of them at once, or one each millisecond until SIGTERM. Then "numbers: logged N" on stdout, and exit code 0
// once all of it has been handed to the daemon and the books say that nothing was lost.
#include <dlt/dlt.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {
volatile std::sig_atomic_t ended = 0;
}

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  if (argc < 2) return 2;
  std::signal(SIGTERM, [](int) { ended = 1; });
  dlt::Options options{.app = argv[1], .description = "counts"};
  options.buffer = {.mode = dlt::OverflowMode::block, .timeout = 5min};  // it waits rather than lose a number
  auto session = dlt::start(options);
  if (!session) return 2;
  dlt::Context context("NUMB", "numbers");

  const bool paced = argc < 3;
  const int count = paced ? 0 : std::atoi(argv[2]);
  int number = 0;
  for (; paced ? ended == 0 : number < count; ++number) {
    DLT_WARN(context, "number {}", number);
    DLT_DEBUG(context, "also {}", number);
    if (paced) std::this_thread::sleep_for(1ms);
  }
  const bool delivered = session->flush(5min);
  std::printf("numbers: logged %d\n", number);
  return delivered && session->stats().dropped.total() == 0 ? 0 : 1;
}
