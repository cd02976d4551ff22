// An application that logs a number every few milliseconds, for so many milliseconds: ticking MILLISECONDS.
#include <dlt/dlt.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>

int main(int, char** argv) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(std::atoi(argv[1]));
  auto session = dlt::start({.app = "TICK"});
  if (!session) return 1;
  dlt::Context c("TICK");
  std::uint64_t n = 0;
  while (std::chrono::steady_clock::now() < end) {
    DLT_INFO(c, "{}{}", std::uint32_t{0}, n++);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  DLT_INFO(c, "{}{}", std::uint32_t{1}, n);  // the end
  return session->flush(std::chrono::minutes(1)) ? 0 : 1;
}
