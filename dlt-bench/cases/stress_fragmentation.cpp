// Connect, log, disconnect, 10,000 times: nothing may grow, at either end, and nothing may be lost.
#include <algorithm>

#include "cases.hpp"
#include "harness/clock.hpp"
#include "harness/crew.hpp"
#include "harness/growth.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned processes = 4;
constexpr std::uint64_t full_visits = 10'000, brief_visits = 200;  // of all processes together
constexpr std::uint64_t messages_per_visit = 5;
constexpr double descriptors = 4;  // of a connection, at most, while it comes or goes
// What the daemon keeps for clients to come fills once, and is no leak.
constexpr const char* settings = "RingbufferMaxSize = 65536\n";
constexpr double application_mb = 2, daemon_mb = 4;  // pages that come and go; a leak of 1 KB a visit would be 10

}  // namespace

Numbers run_stress_fragmentation(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("stress-fragmentation", "left out: what a running daemon stores cannot be read back");
    return numbers;
  }
  const double share = std::clamp(load.time_scale, 0.05, 1.0);
  const std::uint64_t total =
      load.messages.value_or(load.brief ? brief_visits : static_cast<std::uint64_t>(full_visits * share));
  RecountPlan recount;
  Crew crew({Store::zstd, false, settings});
  for (unsigned i = 0; i < processes; ++i) {
    VisitPlan plan;
    plan.address = crew.daemon().unix_address();
    plan.run = recount.runs.emplace_back(next_run_id());
    plan.logger = load.logger;
    plan.visits = std::max<std::uint64_t>(1, total / processes);
    plan.messages = messages_per_visit;
    crew.join("visit", to_wire(plan));
  }
  crew.wait_ready();
  progress("stress-fragmentation: " + std::to_string(total) + " visits", double(total) / 500);
  Held daemon;
  const double begin_s = now_s(), every_s = load.brief ? 0.02 : 0.1;
  double next_s = 0;
  const auto watch = [&] {
    if (now_s() < next_s) return;
    next_s = now_s() + every_s;
    look(daemon, now_s() - begin_s, crew.daemon().pid());
  };
  Row row;
  row.case_name = "stress-fragmentation";
  row.config = {
      {"visits", human(double(total)) + " x connect, log " + std::to_string(messages_per_visit) + ", disconnect"},
      {"processes", std::to_string(processes) + " processes"},
      {"sink", "zstd file"}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  Sample& s = row.samples.emplace_back();
  std::uint64_t begin = ~std::uint64_t{0}, end = 0;
  std::vector<VisitResult> results;
  for (const std::string& line : crew.ask("go", watch)) {
    const VisitResult& r = results.emplace_back(from_wire<VisitResult>(line));
    Crew::enter(s, r.offered, r.books, r.flushed, r.usage);
    begin = std::min(begin, r.begin_ns), end = std::max(end, r.end_ns);
  }
  progress_done();
  (void)crew.settle(s, begin, recount);
  crew.dismiss();
  row.faults = s.faults;
  if (s.dropped_total() != 0) row.faults.push_back("lossless, and yet messages were dropped");
  const double seconds = static_cast<double>(end - begin) * 1e-9;
  s.extra["visits_per_s"] = static_cast<double>(total) / seconds;
  row.notes.push_back(human(s.extra["visits_per_s"]) + " visits/s");
  // Of the processes the one that gains most.
  const auto gains = [](const VisitResult& a, const VisitResult& b) {
    return slope(a.held.t_s, a.held.rss) < slope(b.held.t_s, b.held.rss);
  };
  judge_growth("stress-fragmentation, application", std::max_element(results.begin(), results.end(), gains)->held,
               application_mb, seconds, numbers);
  judge_growth("stress-fragmentation, daemon", daemon, daemon_mb, seconds, numbers, descriptors * processes);
  numbers.rows.push_back(std::move(row));
  return numbers;
}

}  // namespace dlt::bench
