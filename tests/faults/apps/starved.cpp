// An application that the machine refuses something (see starve/starve.cpp) while it starts, logs, flushes and ends:
// starved WITNESS. Afterwards nothing is refused any more, and logging must work. Exit code 0: it does, 3: it does not,
// said on stderr.
#include <dlt/dlt.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "faults/witness.hpp"

extern "C" [[gnu::weak]] void starve(int on);

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t messages = 200;

dlt::Context numbers("NUMS", "thread and sequence");

[[noreturn]] void broken(const std::string& promise) {
  std::fprintf(stderr, "starved: %s\n", promise.c_str());
  _exit(3);
}

// A new context in each, so that there is something to register.
void log_some(dlt::test::Witness& witness, std::uint32_t thread) {
  dlt::Context more("MORE");
  DLT_INFO(more, "short lived");
  for (std::uint64_t i = 0; i < messages; ++i) witness.count(thread, DLT_INFO(numbers, "{}{}", thread, i));
}

}  // namespace

int main(int, char** argv) {
  dlt::test::Witness witness(argv[1]);
  const dlt::Options options{.app = "HUNG",
                             .address = std::getenv("DLT_DAEMON_ADDRESS"),
                             .buffer = {.mode = dlt::OverflowMode::drop_newest},
                             .exit_flush = std::getenv("STARVE_ALL") != nullptr ? 20ms : 30'000ms};
  if (starve != nullptr) starve(1);
  {
    auto session = dlt::start(options);
    if (session) {
      log_some(witness, 0);
      (void)session->flush(50ms);
    }
  }
  if (starve != nullptr) starve(0);
  auto session = dlt::start(options);
  if (!session) broken("no start afterwards: " + session.error().message());
  log_some(witness, 1);
  if (witness.refused(1) != 0) broken("a message was refused afterwards");
  if (!session->flush(50s)) broken("no delivery afterwards");
  const dlt::Stats s = session->stats();
  if (!s.closes() || s.queued != 0) broken("the books do not close");
}
