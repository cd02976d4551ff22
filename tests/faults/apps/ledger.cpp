// Logs as fast as it can: ledger THREADS COUNT WITNESS [ask]; the overflow mode comes from the environment. Each thread
// logs {thread, sequence}, counts in its slot of the witness what was taken and what was refused. Prints:
// accepted delivered queued full overwritten timed_out dropped closes.
// With `ask` it does so for each line that it reads, and ends with its input.
#include <dlt/dlt.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "faults/witness.hpp"

namespace {

void print(const dlt::Stats& s) {
  std::printf("%lu %lu %lu %lu %lu %lu %lu %d\n", s.accepted, s.delivered, s.queued, s.dropped.full,
              s.dropped.overwritten, s.dropped.timed_out, s.dropped.total(), s.closes() ? 1 : 0);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto threads = static_cast<std::uint32_t>(std::atoi(argv[1]));
  const auto count = std::strtoull(argv[2], nullptr, 10);
  dlt::test::Witness witness(argv[3]);
  auto session = dlt::start({.app = "LEDG"});
  if (!session) return 100;
  dlt::Context numbers("NUMS", "thread and sequence");
  {
    std::vector<std::jthread> all;
    for (std::uint32_t t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < count; ++i) witness.count(t, DLT_INFO(numbers, "{}{}", t, i));
      });
  }
  if (!session->flush(std::chrono::minutes(5))) return 1;
  if (argc < 5) print(session->stats());
  else
    for (std::string line; std::getline(std::cin, line);) print(session->stats());
}
