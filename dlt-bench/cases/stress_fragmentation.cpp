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

std::uint64_t visits_for(const Load& load) {
  const double share = std::clamp(load.time_scale, 0.05, 1.0);
  return load.messages.value_or(load.brief ? brief_visits : static_cast<std::uint64_t>(full_visits * share));
}

void hire(Crew& crew, const Load& load, std::uint64_t visits, RecountPlan& recount) {
  for (unsigned i = 0; i < processes; ++i) {
    VisitPlan plan;
    plan.address = crew.daemon().unix_address();
    plan.run = recount.runs.emplace_back(next_run_id());
    plan.logger = load.logger;
    plan.visits = std::max<std::uint64_t>(1, visits / processes);
    plan.messages = messages_per_visit;
    crew.join("visit", to_wire(plan));
  }
  crew.wait_ready();
}

Row row_for(const Load& load, std::uint64_t visits) {
  Row row;
  row.case_name = "stress-fragmentation";
  row.config = {
      {"visits", human(double(visits)) + " x connect, log " + std::to_string(messages_per_visit) + ", disconnect"},
      {"processes", std::to_string(processes) + " processes"},
      {"sink", "zstd file"}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  return row;
}

// What the visits of all processes came to, and meanwhile what the daemon held.
struct Visits {
  std::vector<VisitResult> results;
  Held daemon;
  std::uint64_t begin_ns = ~std::uint64_t{0}, end_ns = 0;

  [[nodiscard]] double seconds() const { return static_cast<double>(end_ns - begin_ns) * 1e-9; }
  // Of the processes the one that gains most.
  [[nodiscard]] const Held& application() const {
    return std::max_element(results.begin(), results.end(),
                            [](const VisitResult& a, const VisitResult& b) {
                              return slope(a.held.t_s, a.held.rss) < slope(b.held.t_s, b.held.rss);
                            })
        ->held;
  }
};

Visits visit(Crew& crew, double every_s, Sample& s) {
  Visits v;
  const double begin_s = now_s();
  double next_s = 0;
  const auto watch = [&] {
    if (now_s() < next_s) return;
    next_s = now_s() + every_s;
    look(v.daemon, now_s() - begin_s, crew.daemon().pid());
  };
  for (const std::string& line : crew.ask("go", watch)) {
    const VisitResult& r = v.results.emplace_back(from_wire<VisitResult>(line));
    Crew::enter(s, r.offered, r.books, r.flushed, r.usage);
    v.begin_ns = std::min(v.begin_ns, r.begin_ns), v.end_ns = std::max(v.end_ns, r.end_ns);
  }
  return v;
}

}  // namespace

Numbers run_stress_fragmentation(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("stress-fragmentation", "left out: what a running daemon stores cannot be read back");
    return numbers;
  }
  const std::uint64_t visits = visits_for(load);
  RecountPlan recount;
  Crew crew({Store::zstd, false, settings});
  hire(crew, load, visits, recount);
  progress("stress-fragmentation: " + std::to_string(visits) + " visits", double(visits) / 500);
  Row& row = numbers.rows.emplace_back(row_for(load, visits));
  Sample& s = row.samples.emplace_back();
  const Visits v = visit(crew, load.brief ? 0.02 : 0.1, s);
  progress_done();
  (void)crew.settle(s, v.begin_ns, recount);
  crew.dismiss();
  row.faults = s.faults;
  if (s.dropped_total() != 0) row.faults.push_back("lossless, and yet messages were dropped");
  s.extra["visits_per_s"] = static_cast<double>(visits) / v.seconds();
  row.notes.push_back(human(s.extra["visits_per_s"]) + " visits/s");
  judge_growth("stress-fragmentation, application", v.application(), application_mb, v.seconds(), numbers);
  judge_growth("stress-fragmentation, daemon", v.daemon, daemon_mb, v.seconds(), numbers, descriptors * processes);
  return numbers;
}

}  // namespace dlt::bench
