// app TEXT: logs it; exit code 0 once it has arrived at a daemon. app TEXT COUNT: logs it so often, with numbers, and
// kills itself.
#include <dlt/dlt.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  if (argc < 2) return 2;
  auto session = dlt::start({.app = "PACK", .exit_flush = 0ms});
  if (!session) return 2;
  dlt::Context context("MAIN", "an application of a package");
  if (argc == 2) {
    DLT_WARN(context, "{}", argv[1]);
    return session->flush(5s) ? 0 : 1;
  }
  for (int i = 0; i < 1000 && !session->connected(); ++i) std::this_thread::sleep_for(10ms);
  for (int i = 0; i < std::atoi(argv[2]); ++i) DLT_WARN(context, "{} {}", argv[1], i);
  std::raise(SIGKILL);
}
