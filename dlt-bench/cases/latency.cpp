// What a call costs (bursts with pauses, and paced), and how long a message takes until a client has it (paced).
#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

Setup latency_setup(const Load& load, const std::string& what) {
  Setup setup;
  setup.case_name = "latency";
  setup.config = {{"pace", what}};
  setup.plan = lossless_plan(load, load.threads.value_or(1));
  setup.plan.warm_up = 1000;
  setup.plan.duration_s = duration_of(load, 2.0, 0.5);
  setup.repeats = repeats_of(load);
  setup.lossless = true;
  return setup;
}

Row bursts(const Load& load, const std::string& what, double pause_min_us, double pause_max_us, bool sleep) {
  Setup setup = latency_setup(load, what);
  setup.plan.timing = Timing::bursts;
  setup.plan.rate = 0;
  setup.plan.pause_min_us = pause_min_us;
  setup.plan.pause_max_us = pause_max_us;
  setup.plan.sleep_in_pause = sleep;
  setup.sink = Sink::none;
  Row row = measure(load, setup);
  const double average = spread(row, [](const Sample& s) { return s.burst_call_ns.p50; }).median;
  const double tail = spread(row, [](const Sample& s) { return s.burst_call_ns.p99; }).median;
  row.notes.push_back("whole bursts, average per call, clock included: p50 " + human(average) + " ns, p99 " +
                      human(tail) + " ns");
  return row;
}

Row paced(const Load& load, const std::string& what, double rate, bool urgent) {
  Setup setup = latency_setup(load, what);
  setup.plan.timing = Timing::each;
  setup.plan.rate = rate;
  setup.plan.warm_up = std::min<std::uint64_t>(1000, static_cast<std::uint64_t>(rate * setup.plan.duration_s / 10));
  setup.plan.urgent = urgent;
  setup.sink = Sink::client;
  return measure(load, setup);
}

}  // namespace

Numbers run_latency(const Load& load) {
  Numbers numbers;
  numbers.rows.push_back(bursts(load, "bursts of 20, 2 us apart", 2, 2, false));
  numbers.rows.push_back(bursts(load, "bursts of 20, 2 us - 1 ms apart", 2, 1000, false));
  if (!load.brief) numbers.rows.push_back(bursts(load, "bursts of 20, asleep for 1 ms between", 1000, 1000, true));
  if (load.rate) {
    numbers.rows.push_back(paced(load, human(*load.rate) + "/s", *load.rate, false));
    return numbers;
  }
  if (!load.brief) numbers.rows.push_back(paced(load, "1 k/s", 1e3, false));
  numbers.rows.push_back(paced(load, "10 k/s", 1e4, false));
  numbers.rows.push_back(paced(load, "10 k/s, urgent", 1e4, true));
  if (!load.brief) numbers.rows.push_back(paced(load, "100 k/s", 1e5, false));
  if (!load.brief) numbers.rows.push_back(paced(load, "1 M/s", 1e6, false));
  return numbers;
}

}  // namespace dlt::bench
