#include "cases/simulation.hpp"

#include <algorithm>

#include "harness/clock.hpp"
#include "harness/crew.hpp"
#include "harness/error.hpp"
#include "harness/facts.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

constexpr double brief_share = 0.1;     // of the operations
constexpr std::uint64_t fewest = 1000;  // … but so many

struct Round {
  double seconds = 0;  // from the first operation to the last
  Percentiles operation_us;
  std::vector<WorkResult> results;
};

// What one round is about, with or without logging; the books of one with logging go into `sample`.
class Scene {
 public:
  Scene(const Load& load, const Simulation& s) : load_(load), s_(s) {}

  Round without() {
    Crew crew({Store::none, false, ""});
    return act(crew, false);
  }
  Round with(Sample& sample, Counters& all) {
    Crew crew;
    Round round = act(crew, true);
    Histogram calls;
    std::uint64_t begin = ~std::uint64_t{0};
    for (const WorkResult& r : round.results) {
      Crew::enter(sample, r.offered, r.books, r.flushed, r.usage);
      calls.add(r.call_ns);
      sample.clock_overhead_ns = r.clock_overhead_ns;
      begin = std::min(begin, r.begin_ns);
    }
    sample.call_ns = calls.percentiles(0.1);
    RecountPlan plan;
    plan.kind = s_.kind;
    plan.runs = runs_;
    plan.threads = find_workload(s_.kind)->logging_threads(s_.threads);
    const RecountResult recount = crew.settle(sample, begin, plan);
    if (sample.dropped_total() != 0)
      sample.faults.push_back("lossless, and yet " + std::to_string(sample.dropped_total()) + " were dropped");
    compare(round.results, recount, sample, all);
    crew.dismiss();
    return round;
  }

 private:
  Round act(Crew& crew, bool logging) {
    runs_.clear();
    for (unsigned i = 0; i < s_.processes; ++i) {
      WorkPlan plan;
      plan.kind = s_.kind;
      plan.address = crew.daemon().unix_address();
      plan.run = runs_.emplace_back(next_run_id());
      plan.logger = load_.logger;
      plan.logging = logging;
      plan.member = i, plan.members = s_.processes;
      plan.threads = s_.threads;
      plan.operations = s_.operations;
      plan.directory = crew.scratch().path().string();
      crew.join("work", to_wire(plan));
    }
    crew.wait_ready();
    Round round;
    std::uint64_t begin = ~std::uint64_t{0}, end = 0;
    Histogram operations;
    for (const std::string& line : crew.ask("go")) {
      const WorkResult& r = round.results.emplace_back(from_wire<WorkResult>(line));
      begin = std::min(begin, r.begin_ns), end = std::max(end, r.end_ns);
      operations.add(r.operation_ns);
    }
    round.seconds = static_cast<double>(end - begin) * 1e-9;
    round.operation_us = operations.percentiles(1e-3);
    if (!logging) crew.dismiss();
    return round;
  }

  // What each member counted must be what its log says.
  static void compare(const std::vector<WorkResult>& counted, const RecountResult& log, Sample& sample, Counters& all) {
    for (std::size_t i = 0; i < counted.size(); ++i) {
      Counters both = counted[i].counters;
      for (const auto& [name, n] : log.counters[i]) both.try_emplace(name, 0), all[name] += n;
      for (const auto& [name, unused] : both) {
        const auto in = [&key = name](const Counters& c) { return c.contains(key) ? c.at(key) : 0; };
        const std::uint64_t its = in(counted[i].counters), told = in(log.counters[i]);
        if (its != told)
          sample.faults.push_back("process " + std::to_string(i + 1) + ", " + name + ": it counted " +
                                  std::to_string(its) + ", its stored log says " + std::to_string(told));
      }
      if (in_log(log.counters[i], "wrong") != 0)
        sample.faults.push_back("process " + std::to_string(i + 1) + ": " +
                                std::to_string(in_log(log.counters[i], "wrong")) + " operations cannot have been so");
    }
  }
  static std::uint64_t in_log(const Counters& c, const std::string& name) { return c.contains(name) ? c.at(name) : 0; }

  const Load& load_;
  const Simulation& s_;
  std::vector<std::string> runs_;
};

Row empty_row(const Load& load, const Simulation& s) {
  Row row;
  row.case_name = s.case_name;
  row.config = {{"members", s.members},
                {"work", human(static_cast<double>(s.operations)) + " " + s.operation + " each"},
                {"sink", "zstd file"}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  if (s.processes * s.threads > cpu_count())
    row.notes.push_back(std::to_string(s.processes * s.threads) + " threads on " + std::to_string(cpu_count()) +
                        " CPUs: the scheduler is measured too");
  return row;
}

std::string range(const Spread& s) { return human(s.median) + " (" + human(s.min) + " – " + human(s.max) + ")"; }

void tell(const Simulation& s, const Counters& all, Row& row) {
  const auto figure = [&](const char* key) { return spread(row, [key](const Sample& x) { return x.extra.at(key); }); };
  row.notes.push_back(s.operation + "/s with logging " + range(figure("operations_per_s")) + ", without " +
                      range(figure("operations_per_s_without")) + "; takes " + human(figure("slow_down").median) +
                      " x as long (" + human(figure("slow_down").min) + " – " + human(figure("slow_down").max) + ")");
  if (row.samples.front().extra.contains("operation_p50_us"))
    row.notes.push_back("each, µs: p50 " + human(figure("operation_p50_us").median) + ", p99 " +
                        human(figure("operation_p99_us").median) + "; without logging " +
                        human(figure("operation_p50_us_without").median) + ", " +
                        human(figure("operation_p99_us_without").median));
  row.notes.push_back("msg/s: until the last message is in the file, which the daemon writes every 250 ms");
  const bool same = row.faults.empty();
  row.notes.push_back(
      (same ? "recomputed from the stored log, equal to its own counters: " : "recomputed from the stored log: ") +
      s.story(all));
}

void add_figures(const Simulation& s, const Round& with, const Round& without, Sample& sample) {
  const double operations = static_cast<double>(s.operations) * s.processes;
  sample.extra["operations_per_s"] = operations / with.seconds;
  sample.extra["operations_per_s_without"] = operations / without.seconds;
  sample.extra["slow_down"] = with.seconds / without.seconds;
  if (with.operation_us.count == 0) return;
  sample.extra["operation_p50_us"] = with.operation_us.p50;
  sample.extra["operation_p99_us"] = with.operation_us.p99;
  sample.extra["operation_p50_us_without"] = without.operation_us.p50;
  sample.extra["operation_p99_us_without"] = without.operation_us.p99;
}

}  // namespace

void judge_calls(const Row& row, Numbers& numbers) {
  const auto figure = [&](double Percentiles::*which) {
    return spread(row, [which](const Sample& s) { return s.call_ns.*which; });
  };
  numbers.criteria.push_back(
      {row.case_name + ", log call p50", "ns", figure(&Percentiles::p50), 1000, {}, true, 0, row.label()});
  numbers.criteria.push_back({row.case_name + ", log call p99.9",
                              "ms",
                              spread(row, [](const Sample& s) { return s.call_ns.p999 * 1e-6; }),
                              1,
                              {},
                              true,
                              0,
                              row.label()});
}

Numbers simulate(const Load& load, Simulation s) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back(s.case_name, "left out: what a running daemon stores cannot be read back");
    return numbers;
  }
  s.threads = load.threads.value_or(s.threads);
  const double share = load.brief ? brief_share : std::clamp(load.time_scale, brief_share, 1.0);
  s.operations = load.messages.value_or(
      std::max(std::min(s.operations, fewest), static_cast<std::uint64_t>(static_cast<double>(s.operations) * share)));
  const unsigned repeats = load.repeat.value_or(load.brief ? 1 : 3);
  Row row = empty_row(load, s);
  Scene scene(load, s);
  Counters last;
  for (unsigned i = 1; i <= repeats; ++i) {
    progress(s.case_name + ": repeat " + std::to_string(i), (repeats + 1 - i) * 3.0);
    const Round without = scene.without();
    Sample& sample = row.samples.emplace_back();
    last.clear();
    const Round with = scene.with(sample, last);
    add_figures(s, with, without, sample);
    for (const auto& fault : sample.faults) row.faults.push_back("repeat " + std::to_string(i) + ": " + fault);
  }
  progress_done();
  const double apart = noise(spread(row, [](const Sample& x) { return x.extra.at("operations_per_s"); }));
  row.noisy = apart > noise_limit;
  if (row.noisy)
    row.notes.push_back("noisy: the repeats differ by " + human(apart * 100) + " % (load " + load_average() + ")");
  tell(s, last, row);
  judge_calls(row, numbers);
  numbers.rows.push_back(std::move(row));
  return numbers;
}

}  // namespace dlt::bench
