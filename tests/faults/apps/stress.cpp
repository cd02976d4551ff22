// Everything at once, for ThreadSanitizer: stress SECONDS. Four threads log, one makes and destroys contexts and so
// flips levels, one changes modes and asks for the books, main ends and starts the session. Exit code 0: the books
// close at the end, 3: they do not.
#include <dlt/dlt.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

dlt::Context numbers("NUMS", "thread and sequence");
std::atomic<bool> enough{false};
std::atomic<bool> enough_meddling{false};

void keep_logging(std::uint32_t thread) {
  for (std::uint64_t i = 0; !enough; ++i) {
    DLT_INFO(numbers, "{}{}", thread, i);
    DLT_DEBUG(numbers, "{} is sometimes on", i);
    if (i % 500 == 0) DLT_FATAL(numbers, "urgent {}", i);
    if (i % 8 == 0) std::this_thread::sleep_for(1ms);
  }
}

void flip_levels() {
  for (std::uint32_t i = 0; !enough; ++i) {
    const dlt::Context same("NUMS", "", i % 2 == 0 ? dlt::Level::debug : dlt::Level::info);
    dlt::Context other(dlt::ContextId(i % 3 == 0 ? "CTX1" : "CTX2"), "comes and goes");
    other.on_level_change([](dlt::Level) {});
    DLT_INFO(other, "here {}", i);
    std::this_thread::sleep_for(1ms);
  }
}

dlt::Session begin() {
  auto session = dlt::start({.app = "STRS", .buffer = {.capacity = 256}, .senders = 2, .exit_flush = 20ms});
  if (!session) std::exit(4);
  return std::move(*session);
}

void meddle(dlt::Session& session) {
  for (std::uint32_t i = 0; !enough_meddling; ++i) {
    (void)session.set_overflow(i % 4, static_cast<dlt::OverflowMode>(i % 3), 2ms);
    (void)session.stats();
    (void)session.connected();
    if (i % 16 == 0) (void)session.flush(5ms);
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

// The session of the process is one; an object of it may end and start it while another asks.
int main(int, char** argv) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  dlt::Session session = begin();
  std::vector<std::thread> all;
  for (std::uint32_t t = 0; t < 4; ++t) all.emplace_back(keep_logging, t);
  all.emplace_back(flip_levels);
  int cycles = 0;
  for (; std::chrono::steady_clock::now() < until; ++cycles) {
    enough_meddling = false;
    std::thread meddler(meddle, std::ref(session));
    std::this_thread::sleep_for(50ms);
    { const dlt::Session ends = std::move(session); }  // while the meddler asks it
    enough_meddling = true;
    meddler.join();
    session = begin();
  }
  enough = true;
  for (auto& t : all) t.join();
  const dlt::Stats s = session.stats();
  std::printf("%d cycles, %lu accepted, %lu delivered, %lu dropped, %lu queued\n", cycles, s.accepted, s.delivered,
              s.dropped.total(), s.queued);
  return s.closes() ? 0 : 3;
}
