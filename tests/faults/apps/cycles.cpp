// Starts a session, logs in a new thread, ends the session, again and again: cycles COUNT. Prints what the process
// holds after a tenth of the cycles and at the end, one line each: descriptors threads mappings resident_kib.
#include <dlt/dlt.hpp>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "faults/resources.hpp"

namespace {

void print_resources() {
  const auto r = dlt::test::resources_of();
  std::printf("%lu %lu %lu %lu\n", r.descriptors, r.threads, r.mappings, r.resident_kib);
}

bool cycle(int number) {
  auto session = dlt::start({.app = "CYCL"});
  if (!session) return false;
  dlt::Context c("CYCL");
  bool taken = false;
  std::thread([&] { taken = DLT_INFO(c, "cycle {}", number); }).join();
  return taken && session->flush(std::chrono::minutes(1));
}

}  // namespace

int main(int, char** argv) {
  const int count = std::atoi(argv[1]);
  for (int i = 1; i <= count; ++i) {
    if (!cycle(i)) return 1;
    if (i == count / 10) print_resources();
  }
  print_resources();
}
