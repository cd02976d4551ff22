// Log calls under Google Benchmark: bursts of 1,000 calls into empty buffers, each burst timed as a whole; between two
// bursts the library hands over what there is, which is not timed. So it is the call that is measured and not how fast
// the daemon reads.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <dlt/dlt.hpp>
#include <map>

#include "case.hpp"
#include "harness/allocations.hpp"
#include "harness/connected.hpp"
#include "harness/dlt_logger.hpp"
#include "harness/micro_plan.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t burst = 1000;
constexpr std::uint32_t capacity = 4096;
constexpr std::chrono::milliseconds patience{30'000};

// What the library itself says of one benchmark: Google Benchmark knows nothing of messages.
struct Counts {
  std::uint64_t calls = 0, messages = 0, bytes = 0, allocations = 0;
  Histogram bursts_ns;
};

class Bursts {
 public:
  explicit Bursts(Session& session) : session_(session) {}

  template <class Call>
  void run(::benchmark::State& state, const std::string& name, const Call& call) {
    call(0);  // what a thread needs once
    (void)session_.flush(patience);
    Counts& counts = counts_[name];
    const Stats before = session_.stats();
    for ([[maybe_unused]] auto _ : state) {
      const std::uint64_t allocated = allocations();
      const std::uint64_t begin = now_ns();
      for (std::uint64_t i = 0; i < burst; ++i) call(i);
      const std::uint64_t end = now_ns();
      counts.allocations += allocations() - allocated;
      counts.calls += burst;
      counts.bursts_ns.record(end - begin);
      state.SetIterationTime(static_cast<double>(end - begin) * 1e-9);
      (void)session_.flush(patience);
    }
    const Stats after = session_.stats();
    counts.messages += after.accepted - before.accepted;
    counts.bytes += after.accepted_bytes - before.accepted_bytes;
  }
  [[nodiscard]] const Counts& of(const std::string& name) { return counts_[name]; }

 private:
  Session& session_;
  std::map<std::string, Counts> counts_;
};

// Keeps what Google Benchmark measured instead of printing it.
class Keeper : public ::benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs)
      if (run.run_type == Run::RT_Iteration)
        ns_[run.run_name.function_name].push_back(run.GetAdjustedRealTime() / static_cast<double>(burst));
  }
  [[nodiscard]] const std::map<std::string, std::vector<double>>& ns() const noexcept { return ns_; }

 private:
  std::map<std::string, std::vector<double>> ns_;
};

class Micro {
 public:
  Micro(const MicroPlan& plan, Session& session) : plan_(plan), bursts_(session) {}

  void add_all() {
    for (const unsigned bytes : {32U, 128U, 512U}) {
      const std::string text(bytes, 'x');
      const std::string of = "text of " + std::to_string(bytes);
      add("0 further arguments, " + of, [this, text](std::uint64_t) { dlt::info(context_, "{}", text); });
      add("3 further arguments, " + of,
          [this, text](std::uint64_t i) { dlt::info(context_, "{}{}{}{}", text, i, 0.5, true); });
      add("8 further arguments, " + of, [this, text](std::uint64_t i) {
        dlt::info(context_, "{}{}{}{}{}{}{}{}{}", text, i, 0.5, true, 7U, i, -1, 2.5F, i);
      });
    }
    add("filtered-out level", [this](std::uint64_t i) { dlt::debug(context_, "{}", i); });
  }
  std::vector<MicroResult> run() {
    std::string program = "dlt-bench";
    int argc = 1;
    char* argv[] = {program.data(), nullptr};
    ::benchmark::Initialize(&argc, argv);
    Keeper keeper;
    ::benchmark::RunSpecifiedBenchmarks(&keeper);
    std::vector<MicroResult> results;
    for (const auto& name : names_) {
      const Counts& c = bursts_.of(name);
      const Spread ns = spread(keeper.ns().contains(name) ? keeper.ns().at(name) : std::vector<double>{});
      const double bytes = c.messages != 0 ? static_cast<double>(c.bytes) / static_cast<double>(c.messages) : 0;
      const Percentiles p = c.bursts_ns.percentiles(1.0 / static_cast<double>(burst));
      results.push_back({name, ns.median, ns.min, ns.max, p.p50, p.p99, c.calls, c.allocations, bytes});
    }
    ::benchmark::Shutdown();
    return results;
  }

 private:
  template <class Call>
  void add(const std::string& name, Call call) {
    names_.push_back(name);
    ::benchmark::RegisterBenchmark(name.c_str(),
                                   [this, name, call](::benchmark::State& state) { bursts_.run(state, name, call); })
        ->UseManualTime()
        ->MinTime(plan_.seconds)
        ->Unit(::benchmark::kNanosecond)
        ->Repetitions(static_cast<int>(plan_.repetitions));
  }

  const MicroPlan& plan_;
  Context context_{ContextId("MICR"), "one call at a time"};
  Bursts bursts_;
  std::vector<std::string> names_;
};

}  // namespace

void micro_worker(Channel& channel) {
  const auto plan = Json::parse(channel.expect(60)).get<MicroPlan>();
  Options options;
  options.app = AppId(std::string_view(plan.run));
  options.description = "dlt-bench micro";
  options.address = plan.address;
  options.buffer = {capacity, OverflowMode::block, patience};
  auto session = dlt::start(options);
  if (!session) throw BenchError("the library does not start: " + session.error().message());
  wait_connected(*session);
  Micro micro(plan, *session);
  micro.add_all();
  for (const MicroResult& r : micro.run()) channel.send(Json(r).dump());
  channel.send(micro_end);
  const bool flushed = session->flush(patience);
  LoggerBooks books = books_of(session->stats());
  books.closes = books.closes && flushed;
  channel.send(to_wire(books));
  (void)channel.expect(60);  // end
}

}  // namespace dlt::bench
