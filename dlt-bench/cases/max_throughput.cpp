// The highest rate of up to 16 threads, lossless, held for 10 s (or --duration): to one client, and into a zstd file
// that is read back. The number of threads is searched with short runs.
#include <algorithm>

#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned most_threads = 16;
constexpr double limit_msgs_per_s = 100'000;

Row run_for(const Load& load, Sink sink, unsigned threads, double seconds, const char* what) {
  Setup setup;
  setup.case_name = "max-throughput";
  setup.config = {{"what", what}};
  setup.plan = lossless_plan(load, threads);
  setup.plan.rate = 0;
  setup.plan.messages = 0;
  setup.plan.duration_s = seconds;
  setup.plan.realistic_text = sink == Sink::store;
  setup.plan.flush_s = 120;
  setup.sink = sink;
  setup.repeats = 1;
  setup.warm_up = false;
  setup.lossless = true;
  return measure(load, setup);
}

void hold(const Load& load, Sink sink, Numbers& numbers) {
  const double hold_s = duration_of(load, 10, 0.4), probe_s = std::min(hold_s, load.brief ? 0.1 : 0.5);
  unsigned best = 1;
  double most = 0;
  std::string tried;
  for (unsigned threads = 1; threads <= load.threads.value_or(most_threads); threads *= load.brief ? 4 : 2) {
    const Row row = run_for(load, sink, threads, probe_s, "search");
    const double rate = spread(row, &Sample::msgs_per_s).median;
    tried += (tried.empty() ? "" : ", ") + std::to_string(threads) + ": " + human(rate);
    if (!row.faults.empty()) {
      numbers.rows.push_back(row);
      break;
    }
    if (rate > most) most = rate, best = threads;
  }
  Row row = run_for(load, sink, best, hold_s, "held");
  const Sample& s = row.samples.front();
  row.notes.push_back("msg/s by threads, " + human(probe_s) + " s each: " + tried);
  row.notes.push_back("held for " + human(s.seconds) + " s, CPU-µs per message: " + human(s.cpu_s_per_million()));
  const double rate = s.msgs_per_s();
  numbers.criteria.push_back(
      {std::string("max-throughput, delivered to a ") + (sink == Sink::store ? "file" : "client"),
       "msg/s",
       {rate, rate, rate},
       limit_msgs_per_s,
       {},
       false,
       0,
       row.label()});
  numbers.rows.push_back(std::move(row));
}

}  // namespace

Numbers run_max_throughput(const Load& load) {
  Numbers numbers;
  hold(load, Sink::client, numbers);
  if (load.daemon.empty()) hold(load, Sink::store, numbers);
  return numbers;
}

}  // namespace dlt::bench
