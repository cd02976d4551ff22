// Several producers, lossless, to one client. Efficiency is against min(threads, CPUs) times the single thread.
#include <algorithm>

#include "cases.hpp"
#include "harness/facts.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

Row concurrency_row(const Load& load, const std::string& name, unsigned threads, std::uint64_t messages) {
  Setup setup;
  setup.case_name = name;
  setup.plan = lossless_plan(load, threads);
  setup.plan.messages = load.messages.value_or(messages);
  setup.plan.timing = Timing::each;
  setup.plan.warm_up = 100;
  setup.sink = Sink::client;
  setup.repeats = repeats_of(load);
  setup.lossless = true;
  return measure(load, setup);
}

// By time instead of by number: 10,000 messages are over before the threads have met.
Row scale_row(const Load& load, unsigned threads) {
  Setup setup;
  setup.case_name = "concurrency-scale";
  setup.plan = lossless_plan(load, threads);
  if (!load.messages) setup.plan.duration_s = duration_of(load, 0.5, 0.2);
  setup.sink = Sink::none;
  setup.repeats = repeats_of(load);
  setup.lossless = true;
  Row row = measure(load, setup);
  for (const auto& s : row.samples)
    if (!load.messages && s.accepted < std::uint64_t{10'000} * threads)
      row.notes.push_back("fewer than 10,000 messages per thread in " + human(s.seconds) + " s");
  return row;
}

}  // namespace

Numbers run_concurrency_single(const Load& load) {
  return {{concurrency_row(load, "concurrency-single", 1, 50'000)}, {}, {}};
}

Numbers run_concurrency_mpsc(const Load& load) {
  return {{concurrency_row(load, "concurrency-mpsc", load.threads.value_or(4), 50'000)}, {}, {}};
}

Numbers run_concurrency_scale(const Load& load) {
  Numbers numbers;
  const unsigned most = load.threads.value_or(16);
  double single = 0;
  for (unsigned threads = 1; threads <= most; threads *= 2) {
    Row row = scale_row(load, threads);
    const double rate = spread(row, &Sample::msgs_per_s).median;
    if (threads == 1) single = rate;
    const double speed_up = single > 0 ? rate / single : 0;
    for (auto& s : row.samples)
      s.extra["speed_up"] = speed_up, s.extra["efficiency"] = speed_up / std::min(threads, cpu_count());
    row.notes.push_back("speed-up " + human(speed_up) + ", efficiency " +
                        human(speed_up / std::min(threads, cpu_count())) + " of min(threads, CPUs)");
    numbers.rows.push_back(std::move(row));
  }
  return numbers;
}

}  // namespace dlt::bench
