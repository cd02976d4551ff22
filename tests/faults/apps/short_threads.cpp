// Threads that log ten messages and end, `live` at a time: short_threads COUNT. Prints, after a tenth of them and at
// the end: descriptors threads mappings resident_kib arena_kib; then accepted delivered closes.
#include <dlt/dlt.hpp>

#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "faults/resources.hpp"

namespace {

constexpr std::uint32_t live = 8;
constexpr std::uint64_t each = 10;

// Touched memory of the queues: all of it lies in one memfd.
std::uint64_t arena_kib() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone).string().find("dlt-arena") == std::string::npos) continue;
    struct stat s {};
    if (stat(entry.path().c_str(), &s) == 0) return static_cast<std::uint64_t>(s.st_blocks) / 2;
  }
  return 0;
}

void print_resources() {
  const auto r = dlt::test::resources_of();
  std::printf("%lu %lu %lu %lu %lu\n", r.descriptors, r.threads, r.mappings, r.resident_kib, arena_kib());
}

}  // namespace

int main(int, char** argv) {
  const auto count = static_cast<std::uint32_t>(std::atoi(argv[1]));
  auto session =
      dlt::start({.app = "THRD", .buffer = {.mode = dlt::OverflowMode::block, .timeout = std::chrono::hours(1)}});
  if (!session) return 100;
  dlt::Context numbers("NUMS", "thread and sequence");
  std::atomic<std::uint64_t> refused{0};
  const auto log_ten = [&](std::uint32_t thread) {
    for (std::uint64_t i = 0; i < each; ++i)
      if (!DLT_INFO(numbers, "{}{}", thread, i)) ++refused;
  };
  for (std::uint32_t first = 0; first < count; first += live) {
    std::vector<std::jthread> threads;
    for (std::uint32_t t = first; t < first + live && t < count; ++t) threads.emplace_back(log_ten, t);
    threads.clear();
    if (first == count / 10 / live * live) print_resources();
  }
  print_resources();
  if (refused != 0 || !session->flush(std::chrono::minutes(5))) return 1;
  const dlt::Stats s = session->stats();
  std::printf("%lu %lu %d\n", s.accepted, s.delivered, s.closes() ? 1 : 0);
}
