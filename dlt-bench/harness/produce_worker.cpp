// A process that logs. Threads, clocks and texts are ready before the session is; all threads begin at one instant.
#include <latch>
#include <thread>

#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/logger.hpp"
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

void produce(Logger& logger, std::vector<ProducerLoop>& loops, ProduceResult& result) {
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
  for (auto& thread : threads) thread.join();
  result.produced_ns = now_ns();
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
  const auto plan = Json::parse(channel.expect(10)).get<ProducePlan>();
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
  produce(*logger, loops, result);
  result.rss_after_bytes = usage_of().rss_bytes;
  channel.send("produced");
  (void)channel.expect(patience_s);  // flush
  result.flushed = logger->flush(plan.flush_s);
  result.flushed_ns = now_ns();
  result.usage = usage_of().since(before);
  result.books = logger->books();
  sum_up(loops, clock, result);
  channel.send(Json(result).dump());
  (void)channel.expect(patience_s);  // end
}

}  // namespace dlt::bench
