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

// 10,000 messages of all threads fall due at once, or one after the other: the same number in the same time.
constexpr double burst_rate = 200e3;
constexpr std::uint64_t burst_messages = 10'000;

Row burst_row(const Load& load, const char* what, bool bursts, std::uint32_t capacity, bool lossless) {
  const unsigned threads = load.threads.value_or(4);
  Setup setup;
  setup.case_name = "concurrency-burst";
  setup.config = {{"load", what},
                  {"buffer", capacity == 0 ? "default buffers" : "buffers of " + std::to_string(capacity)}};
  setup.plan = plan_of(load, threads);
  setup.plan.buffer_capacity = load.buffer.value_or(capacity);
  setup.plan.overflow_mode = 1;
  setup.plan.timing = Timing::each;
  setup.plan.warm_up = 100;
  setup.plan.rate = load.rate.value_or(burst_rate);
  setup.plan.clump = bursts ? std::max<std::uint64_t>(1, burst_messages / threads) : 1;
  if (!load.messages) setup.plan.duration_s = duration_of(load, 1.0, 0.3);
  setup.repeats = repeats_of(load);
  setup.lossless = lossless;
  Row row = measure(load, setup);
  const double lost = spread(row, [](const Sample& s) {
                        return s.accepted != 0 ? double(s.dropped_total()) / double(s.accepted) : 0;
                      }).median;
  row.notes.push_back("lost " + human(lost * 100) + " %");
  return row;
}

}  // namespace

Numbers run_concurrency_burst(const Load& load) {
  return {{burst_row(load, "bursts of 10,000", true, 0, false), burst_row(load, "bursts of 10,000", true, 16'384, true),
           burst_row(load, "the same number, paced", false, 16'384, true)},
          {},
          {}};
}

Numbers run_concurrency_all(const Load& load) {
  Numbers numbers = run_concurrency_single(load);
  numbers.add(run_concurrency_mpsc(load));
  numbers.add(run_concurrency_scale(load));
  numbers.add(run_concurrency_burst(load));
  return numbers;
}

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
