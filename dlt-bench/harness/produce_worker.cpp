// A process that logs. Clocks and texts are ready before the session is; all threads begin at one instant.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <sstream>
#include <thread>

#include "harness/error.hpp"
#include "harness/logger.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

void wait_connected(Logger& logger) {
  const double deadline = now_s() + 5;
  while (!logger.connected()) {
    if (now_s() > deadline) throw BenchError("the library found no daemon within 5 s");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// See LiveView.
std::string live_line(const LoggerBooks& b) {
  std::ostringstream line;
  line << "live p " << now_ns() << ' ' << b.accepted << ' ' << b.dropped_total() << ' ' << b.queued;
  for (const auto& [queued, capacity] : b.fill) line << ' ' << queued << ' ' << capacity;
  return line.str();
}

// Looks at the books every so often until `done`.
void watch_books(Logger& logger, const ProducePlan& plan, Channel& channel, const std::atomic<bool>& done,
                 std::vector<BooksAt>& series) {
  const bool keep = plan.series_s > 0, tell = plan.live_s > 0;
  const double every_s = keep && tell ? std::min(plan.series_s, plan.live_s) : keep ? plan.series_s : plan.live_s;
  double next_line_s = 0;
  while (!done) {
    const LoggerBooks b = logger.books();
    if (keep) series.push_back({now_ns(), b.accepted, b.dropped_total(), b.queued});
    if (tell && now_s() >= next_line_s) {
      channel.send(live_line(b));
      next_line_s = now_s() + plan.live_s;
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(every_s));
  }
}

void produce(Logger& logger, std::vector<ProducerLoop>& loops, const ProducePlan& plan, Channel& channel,
             ProduceResult& result) {
  constexpr std::uint64_t start_delay_ns = 2'000'000;  // until every thread is there
  std::vector<std::thread> threads;
  // A thread that has ended leaves its queue to the next one that begins; here each keeps its own to the last call.
  std::latch all_done(static_cast<std::ptrdiff_t>(loops.size()));
  std::atomic<std::uint64_t> start{0};
  for (unsigned i = 0; i < loops.size(); ++i) {
    threads.emplace_back([&, i] {
      std::uint64_t at = 0;
      while ((at = start.load()) == 0) std::this_thread::yield();
      while (now_ns() < at) {
      }
      logger.produce(i, loops[i], at);
      all_done.arrive_and_wait();
    });
  }
  result.begin_ns = now_ns() + start_delay_ns;
  start = result.begin_ns;
  std::atomic<bool> done{false};
  std::thread watcher;
  if (plan.series_s > 0 || plan.live_s > 0)
    watcher = std::thread([&] { watch_books(logger, plan, channel, done, result.series); });
  for (auto& thread : threads) thread.join();
  result.produced_ns = now_ns();
  done = true;
  if (watcher.joinable()) watcher.join();
}

void sum_up(const std::vector<ProducerLoop>& loops, const TickClock& clock, ProduceResult& result) {
  Histogram calls, bursts;
  for (const auto& loop : loops) {
    result.offered.push_back(loop.offered());
    result.refused += loop.refused();
    calls.merge(loop.call_ticks());
    bursts.merge(loop.burst_ticks());
  }
  result.clock_overhead_ns = clock.overhead_ns();
  result.call_ns = calls.percentiles(clock.ns_per_tick, clock.overhead_ticks);
  result.burst_call_ns = bursts.percentiles(clock.ns_per_tick / 100);
}

}  // namespace

void produce_worker(Channel& channel) {
  constexpr double patience_s = 600;
  ::signal(SIGUSR1, [](int) { told_to_stop = true; });
  const auto plan = from_wire<ProducePlan>(channel.expect(10));
  const Texts texts = plan.realistic_text ? Texts::lines() : Texts::fixed(plan.payload);
  const TickClock clock = TickClock::calibrate();
  std::vector<ProducerLoop> loops;
  loops.reserve(plan.threads);
  for (unsigned i = 0; i < plan.threads; ++i) loops.emplace_back(plan, i, texts, clock);

  ProduceResult result;
  result.rss_before_bytes = usage_of().rss_bytes;
  const auto logger = make_logger(plan);
  if (plan.wait_connected) wait_connected(*logger);
  channel.send("ready");
  (void)channel.expect(patience_s);  // go

  const Usage before = usage_of();
  produce(*logger, loops, plan, channel, result);
  result.rss_after_bytes = usage_of().rss_bytes;
  channel.send("produced");
  (void)channel.expect(patience_s);  // flush
  result.flushed = logger->flush(plan.flush_s);
  result.flushed_ns = now_ns();
  result.usage = usage_of().since(before);
  result.books = logger->books();
  sum_up(loops, clock, result);
  channel.send(to_wire(result));
  (void)channel.expect(patience_s);  // end
}

}  // namespace dlt::bench
