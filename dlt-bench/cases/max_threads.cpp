// How many threads may log at once: doubled from 1 to 1,024 (or --threads) until a step does not meet its limits:
// everything arrives, in order, nothing dropped, within a minute.
#include <algorithm>
#include <bit>

#include "cases.hpp"
#include "harness/facts.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned most_threads = 1024;
constexpr std::uint64_t full_messages = 400'000, brief_messages = 40'000, fewest_each = 20;  // of all threads
constexpr unsigned many = 32;
constexpr std::uint32_t small_buffer = 1024;  // of many threads: all buffers together stay within the library's arena

Row threads_row(const Load& load, unsigned threads) {
  Setup setup;
  setup.case_name = "max-threads";
  setup.plan = lossless_plan(load, threads);
  if (threads > many) setup.plan.buffer_capacity = load.buffer.value_or(small_buffer);
  setup.plan.rate = 0;
  setup.plan.messages =
      load.messages.value_or(std::max(fewest_each, (load.brief ? brief_messages : full_messages) / threads));
  setup.plan.timing = Timing::each;
  setup.repeats = load.repeat.value_or(load.brief ? 1 : 3);
  setup.warm_up = false;
  setup.lossless = true;
  return measure(load, setup);
}

double rate_of(const Row& row) { return spread(row, &Sample::msgs_per_s).median; }
double resident_of(const Row& row) {
  return spread(row, [](const Sample& s) { return static_cast<double>(s.application.peak_rss_bytes); }).median;
}

void judge(unsigned held, unsigned wanted, const std::vector<Row>& rows, Numbers& numbers) {
  const auto exactly = [](double v) { return Spread{v, v, v}; };
  numbers.criteria.push_back({"max-threads, threads that log at once and lose nothing",
                              "",
                              exactly(held),
                              static_cast<double>(wanted),
                              {},
                              false,
                              0,
                              "the last step that met its limits"});
  if (rows.size() < 2) return;
  double most = 0, least = 1e300;
  for (const Row& row : rows) most = std::max(most, rate_of(row)), least = std::min(least, rate_of(row));
  numbers.criteria.push_back({"max-threads, the slowest number of threads against the fastest",
                              "x",
                              exactly(most > 0 ? least / most : 0),
                              0.3,
                              {},
                              false,
                              0,
                              "no collapse"});
  numbers.criteria.back().decides = false;  // a busy machine decides that
  for (const Row& row : rows) {
    const Sample& s = row.samples.front();
    if (s.extra.at("threads") != std::bit_floor(cpu_count()) || cpu_count() == 1) continue;
    numbers.criteria.push_back({"max-threads, efficiency of as many threads as CPUs",
                                "x",
                                exactly(s.extra.at("efficiency")),
                                0.9,
                                {},
                                false,
                                0,
                                "the sender, the daemon and the client need CPUs as well"});
    numbers.criteria.back().decides = false;
  }
}

}  // namespace

Numbers run_max_threads(const Load& load) {
  Numbers numbers;
  const unsigned most = load.threads.value_or(most_threads);
  unsigned held = 0;
  double single = 0, single_rss = 0;
  for (unsigned threads = 1; threads <= most; threads *= load.brief ? 32 : 2) {
    Row row = threads_row(load, threads);
    if (threads == 1) single = rate_of(row), single_rss = resident_of(row);
    const double per_thread = threads > 1 ? (resident_of(row) - single_rss) / (threads - 1) : 0;
    const double efficiency = single > 0 ? rate_of(row) / single / std::min(threads, cpu_count()) : 0;
    for (Sample& s : row.samples)
      s.extra["rss_per_thread"] = per_thread, s.extra["efficiency"] = efficiency, s.extra["threads"] = threads;
    if (threads > 1)
      row.notes.push_back(human(per_thread / 1024) + " KiB resident for each further thread; efficiency " +
                          human(efficiency) + " of min(threads, CPUs)");
    const bool good = row.faults.empty();
    numbers.rows.push_back(std::move(row));
    if (!good) break;
    held = threads;
  }
  judge(held, most, numbers.rows, numbers);
  return numbers;
}

}  // namespace dlt::bench
