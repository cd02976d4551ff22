// Every figure that is to be reached, measured in one run with the roofline beside it: the table of README.md.
#include <algorithm>

#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/roofline.hpp"

namespace dlt::bench {
namespace {

using Figure = std::function<double(const Sample&)>;

double share(const Sample& s) { return s.roofline_msgs_per_s > 0 ? s.msgs_per_s() / s.roofline_msgs_per_s : 0; }

class Table {
 public:
  explicit Table(Numbers& numbers) : numbers_(numbers) {}

  void at_least(const std::string& what, const std::string& unit, Spread s, double target,
                std::optional<double> stretch, double roof = 0, const std::string& remark = "") {
    numbers_.criteria.push_back({what, unit, s, target, stretch, false, roof, remark});
  }
  void at_most(const std::string& what, const std::string& unit, Spread s, double target, std::optional<double> stretch,
               const std::string& remark = "") {
    numbers_.criteria.push_back({what, unit, s, target, stretch, true, 0, remark});
  }
  Row keep(Row row) {
    numbers_.rows.push_back(row);
    return row;
  }

 private:
  Numbers& numbers_;
};

Setup base(const Load& load, const char* what, unsigned threads, Sink sink) {
  Setup setup;
  setup.case_name = "targets";
  setup.config = {{"what", what}};
  setup.plan = lossless_plan(load, threads);
  setup.plan.duration_s = duration_of(load, 1.0, 0.3);
  setup.sink = sink;
  setup.repeats = repeats_of(load);
  setup.lossless = true;
  return setup;
}

Row throughput(const Load& load, unsigned threads, Sink sink, Way way = Way::unix_socket) {
  Setup setup = base(load, "flat out", threads, sink);
  setup.roofline = true;
  setup.way = way;
  return measure(load, setup);
}

void calls(const Load& load, Table& table) {
  const auto bursts = [&](const char* what, double most_us) {
    Setup setup = base(load, what, 1, Sink::none);
    setup.plan.timing = Timing::bursts;
    setup.plan.warm_up = 1000;
    setup.plan.pause_max_us = most_us;
    setup.plan.duration_s = duration_of(load, 2.0, 0.5);
    return table.keep(measure(load, setup));
  };
  // "Clock included": the overhead that was subtracted is added again.
  const auto with_clock = [](double Percentiles::*which) {
    return [which](const Sample& s) { return s.call_ns.*which + s.clock_overhead_ns; };
  };
  const Row mixed = bursts("bursts of 20, 2 us - 1 ms apart", 1000);
  table.at_most("log call, bursts of 20, 2 us - 1 ms apart: burst average p50", "ns",
                spread(mixed, [](const Sample& s) { return s.burst_call_ns.p50; }), 25, 17);
  table.at_most("the same, per call p99", "ns", spread(mixed, with_clock(&Percentiles::p99)), 250, 150);
  table.at_most("the same, per call p99.9", "ns", spread(mixed, with_clock(&Percentiles::p999)), 1000, 500);
  const Row close = bursts("bursts of 20, 2 us apart", 2);
  table.at_most("2 us between bursts: burst average p50", "ns",
                spread(close, [](const Sample& s) { return s.burst_call_ns.p50; }), 25, 17);
  table.at_most("2 us between bursts: per call p99", "ns", spread(close, with_clock(&Percentiles::p99)), 100, 50);
}

void rates(const Load& load, Table& table) {
  std::vector<double> unix_rates;
  for (const unsigned threads : {1U, 4U}) {
    const Row row = table.keep(throughput(load, threads, Sink::none));
    const std::string what =
        "lossless library -> daemon, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
    const double roof = spread(row, share).median;
    table.at_least(what, "msg/s", spread(row, &Sample::msgs_per_s), 15e6, 25e6, roof);
    table.at_least(what, "x roofline", spread(row, share), 0.6, 0.85);
    if (threads == 1) {
      for (const auto& s : row.samples) unix_rates.push_back(s.msgs_per_s());
      table.at_most("CPU, library + daemon, no sink", "s per million", spread(row, &Sample::cpu_s_per_million), 0.10,
                    0.055);
    }
  }
  const Row tcp = table.keep(throughput(load, 1, Sink::none, Way::tcp));
  std::vector<double> ratios;
  for (std::size_t i = 0; i < tcp.samples.size(); ++i) ratios.push_back(tcp.samples[i].msgs_per_s() / unix_rates[i]);
  table.at_least("application by TCP, 1 thread", "x Unix", spread(ratios), 0.7, 0.9);
}

void sinks(const Load& load, Table& table) {
  const Row client = table.keep(throughput(load, 1, Sink::client));
  table.at_least("... on to one TCP client that parses", "msg/s", spread(client, &Sample::msgs_per_s), 7e6, 14e6,
                 spread(client, share).median);
  table.at_most("CPU, library + daemon, one client", "us per delivered message",
                spread(client, &Sample::cpu_s_per_million), 0.2, 0.1);
  table.at_most("daemon, 1 application, 1 client, full rate", "MB RSS",
                spread(client, [](const Sample& s) { return static_cast<double>(s.daemon.peak_rss_bytes) * 1e-6; }), 64,
                32);

  Setup setup = base(load, "realistic text", 1, Sink::store);
  setup.plan.realistic_text = true;
  setup.plan.duration_s = duration_of(load, 2.0, 1.0);
  const Row file = table.keep(measure(load, setup));
  const auto extra = [](const Sample& s, const char* key) { return s.extra.contains(key) ? s.extra.at(key) : 0; };
  table.at_least("... on to a zstd file, realistic text", "msg/s", spread(file, &Sample::msgs_per_s), 2e6, {});
  table.at_least(
      "the same", "x the compressor alone",
      spread(file, [&](const Sample& s) { return s.msgs_per_s() / std::max(1.0, extra(s, "compressor_msgs_per_s")); }),
      0.8, 0.95);
  table.at_least("the same", "ratio", spread(file, [&](const Sample& s) { return extra(s, "ratio"); }), 4, {});
}

void end_to_end(const Load& load, Table& table) {
  for (const bool urgent : {false, true}) {
    Setup setup = base(load, urgent ? "10 k/s, urgent" : "10 k/s", 1, Sink::client);
    setup.plan.timing = Timing::each;
    setup.plan.rate = 1e4;
    setup.plan.urgent = urgent;
    setup.plan.duration_s = duration_of(load, 2.0, 0.5);
    const Row row = table.keep(measure(load, setup));
    const Spread p50 = spread(row, [](const Sample& s) { return s.e2e_us.p50; });
    if (urgent) {
      table.at_most("end to end at 10,000/s, urgent: p50", "us", p50, 150, {});
      continue;
    }
    table.at_most("end to end at 10,000/s: p50", "us", p50, 300, 100);
    table.at_most("end to end at 10,000/s: p99", "us", spread(row, [](const Sample& s) { return s.e2e_us.p99; }), 2000,
                  1000);
  }
}

void many_threads(const Load& load, Table& table) {
  std::vector<double> ratios;
  Row two, sixteen;
  for (unsigned i = 0; i < repeats_of(load); ++i) {  // alternating
    Setup setup = base(load, "flat out", 2, Sink::none);
    setup.repeats = 1;
    two = measure(load, setup);
    setup.plan.threads = 16;
    sixteen = measure(load, setup);
    ratios.push_back(sixteen.samples.front().msgs_per_s() / two.samples.front().msgs_per_s());
  }
  table.keep(two), table.keep(sixteen);
  table.at_least("16 producers against 2", "x", spread(ratios), 0.8, 1.0);
}

}  // namespace

Numbers run_targets(const Load& load) {
  Numbers numbers;
  numbers.add(run_instructions(load));
  Table table(numbers);
  calls(load, table);
  const double off = run_machine().filtered_ns;
  table.at_most("filtered-out level", "ns", {off, off, off}, 2, 1);
  rates(load, table);
  sinks(load, table);
  end_to_end(load, table);
  many_threads(load, table);
  numbers.add(run_footprint(load));
  Load twenty_restarts = load;
  twenty_restarts.repeat.reset();
  numbers.add(run_reconnect(twenty_restarts));
  numbers.add(run_compare(load));
  return numbers;
}

}  // namespace dlt::bench
