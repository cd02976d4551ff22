#include "workloads/work_log.hpp"

#include <array>
#include <cstdio>

#include "harness/connected.hpp"
#include "harness/dlt_logger.hpp"
#include "harness/error.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint32_t capacity = 16'384;
constexpr std::chrono::milliseconds patience{60'000};

ThreadLog::Wrong wrong_of(const std::string& logger) {
  if (logger == "drops") return ThreadLog::Wrong::drops;
  if (logger == "repeats") return ThreadLog::Wrong::repeats;
  return logger == "tears" ? ThreadLog::Wrong::tears : ThreadLog::Wrong::never;
}

}  // namespace

WorkLog::WorkLog(const WorkPlan& plan, unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back(i, wrong_of(plan.logger));
  if (!plan.logging) return;
  Options options;
  options.app = AppId(std::string_view(plan.run));
  options.description = "dlt-bench " + plan.kind;
  options.address = plan.address;
  options.buffer = {capacity, OverflowMode::block, patience};
  auto session = dlt::start(options);
  if (!session) throw BenchError("the library does not start: " + session.error().message());
  session_.emplace(std::move(*session));
  wait_connected(*session_);
  for (unsigned i = 0; i < threads; ++i) {
    std::array<char, 8> id{};
    std::snprintf(id.data(), id.size(), "T%03u", i % 1000);
    threads_[i].open(ContextId(std::string_view(id.data())));
  }
}

void WorkLog::finish(WorkResult& result) {
  if (!session_) return;
  result.flushed = session_->flush(patience);
  result.books = books_of(session_->stats());
  const TickClock clock = TickClock::calibrate();
  Histogram calls;
  for (const ThreadLog& t : threads_) {
    result.offered += t.offered();
    result.books.accepted += t.claimed();
    calls.merge(t.call_ticks());
  }
  result.clock_overhead_ns = clock.overhead_ns();
  result.call_ns = calls.counted(clock.ns_per_tick * 10, clock.overhead_ticks);
}

}  // namespace dlt::bench
