// An application that logs: storm ID COUNT EVERY_US logs COUNT messages, one each EVERY_US microseconds (0: as fast as
// it goes), each {0, sequence}; prints "accepted delivered dropped" and ends. COUNT 0: until stdin ends.
#include <dlt/dlt.hpp>

#include <poll.h>

#include <cstdlib>
#include <iostream>
#include <thread>

namespace {
bool stdin_ended() {
  pollfd input{0, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const std::chrono::microseconds every(std::atol(argv[3]));
  dlt::Options options{.app = argv[1], .description = "storm", .buffer_count = 1};
  options.exit_flush = std::chrono::seconds(30);
  auto session = dlt::start(options);
  if (!session) return 3;
  dlt::Context context("STRM", "numbers");
  auto next = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; count == 0 || i < count; ++i) {
    DLT_INFO(context, "{}{}", 0U, i);
    if (count == 0 && i % 1000 == 0 && stdin_ended()) break;
    if (every.count() == 0) continue;
    next += every;
    std::this_thread::sleep_until(next);
  }
  static_cast<void>(session->flush(std::chrono::seconds(30)));
  const auto s = session->stats();
  std::cout << s.accepted << ' ' << s.delivered << ' ' << s.accepted - s.delivered << std::endl;
}
