// The system suite within a budget of time, and its criteria judged over everything that ran.
//
// Each case judges what only it knows; here stands what all rows together must show.
#include <array>
#include <cmath>

#include "cases.hpp"
#include "harness/facts.hpp"
#include "harness/parts.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr double full_budget_s = 1800;
constexpr double quick_budget_s = 60;
constexpr std::array parts{Part{"max-throughput", 60},
                           Part{"concurrency-scale", 40},
                           Part{"max-buffer-ops", 40},
                           Part{"max-threads", 60},
                           Part{"max-connections", 60},
                           Part{"max-memory", 60},
                           Part{"node-scale", 90},
                           Part{"cluster", 80},
                           Part{"network-latency", 90},
                           Part{"network-loss", 90},
                           Part{"network-congestion", 60},
                           Part{"network-faults", 90},
                           Part{"stress-memory", 40},
                           Part{"stress-cpu", 40},
                           Part{"stress-network", 60},
                           Part{"stress-fragmentation", 40},
                           Part{"sim-database", 40},
                           Part{"sim-microservice", 40},
                           Part{"sim-queue", 20},
                           Part{"sim-cache", 30},
                           Part{"max-snapshot", 20},
                           Part{"snapshot-concurrent", 20},
                           Part{"snapshot-crash", 60},
                           Part{"serialize", 30},
                           Part{"micro", 30}};
// What a minute has room for, the shortest and the most telling first.
constexpr std::array quick_parts{Part{"max-throughput", 3},
                                 Part{"concurrency-scale", 4},
                                 Part{"max-threads", 3},
                                 Part{"max-memory", 3},
                                 Part{"max-connections", 2},
                                 Part{"stress-network", 3},
                                 Part{"stress-fragmentation", 2},
                                 Part{"stress-cpu", 3},
                                 Part{"stress-memory", 2},
                                 Part{"sim-database", 2},
                                 Part{"sim-microservice", 2},
                                 Part{"sim-queue", 2},
                                 Part{"sim-cache", 2},
                                 Part{"network-loss", 4},
                                 Part{"cluster", 4},
                                 Part{"max-snapshot", 1},
                                 Part{"snapshot-concurrent", 2},
                                 Part{"snapshot-crash", 3},
                                 Part{"serialize", 2},
                                 Part{"micro", 2},
                                 Part{"max-buffer-ops", 2},
                                 Part{"node-scale", 3},
                                 Part{"network-faults", 4},
                                 Part{"network-latency", 3},
                                 Part{"network-congestion", 3}};

constexpr unsigned many_threads = 64;

void adjust(Load& load, const Part& part, const Load& asked, const Numbers&) {
  // A repeat is a death there, not a series of them.
  const bool own_repeats = !asked.repeat || (asked.brief && *asked.repeat == 1);
  if (std::string_view(part.name) == "snapshot-crash" && own_repeats) load.repeat.reset();
  if (std::string_view(part.name) == "concurrency-scale" && !asked.threads) load.threads = many_threads;
}

// ── what all rows together show ──────────────────────────────────────────────────────────────────────────────────────

Spread just(double value) { return {value, value, value}; }

void judge_books(Numbers& n) {
  double messages = 0, unaccounted = 0, faults = 0;
  for (const Row& row : n.rows) {
    if (row.peer) continue;
    faults += static_cast<double>(row.faults.size());
    for (const Sample& s : row.samples) {
      messages += static_cast<double>(s.accepted);
      unaccounted += std::abs(static_cast<double>(s.unaccounted));
    }
  }
  n.criteria.push_back({.what = "messages that no book accounts for",
                        .measured = just(unaccounted),
                        .remark = "of " + human(messages) + " in " + std::to_string(n.rows.size()) + " rows"});
  n.criteria.push_back(
      {.what = "faults: what was lost, torn, twice, out of order, or cannot be", .measured = just(faults)});
}

const Row* row_of(const Numbers& n, std::string_view name, unsigned threads) {
  for (const Row& row : n.rows)
    if (row.case_name == name)
      for (const auto& [key, value] : row.config)
        if (key == "threads" && std::stoul(value) == threads) return &row;
  return nullptr;
}

void judge_threads(Numbers& n) {
  const char* const name = "concurrency-scale";
  const unsigned cpus = cpu_count();
  if (const Row* row = row_of(n, name, cpus)) {
    n.criteria.push_back({.what = "efficiency with as many threads as CPUs",
                          .measured = spread(*row, [](const Sample& s) { return s.extra.at("efficiency"); }),
                          .target = 0.9,
                          .at_most = false,
                          .remark = "delivered; the sender and the daemon need CPUs as well: " + std::to_string(cpus) +
                                    " CPUs for " + std::to_string(cpus + 2) + " threads",
                          .decides = false});
  }
  const Row* one = row_of(n, name, 1);
  const Row* many = row_of(n, name, many_threads);
  if (one == nullptr || many == nullptr) return;
  const double alone = spread(*one, &Sample::msgs_per_s).median;
  n.criteria.push_back({.what = "rate with " + std::to_string(many_threads) + " threads, x that of one",
                        .measured = spread(*many, [alone](const Sample& s) { return s.msgs_per_s() / alone; }),
                        .target = 0.5,
                        .at_most = false,
                        .remark = "no collapse"});
}

Numbers judged(Numbers n) {
  judge_books(n);
  judge_threads(n);
  return n;
}

}  // namespace

Numbers run_system(const Load& load) {
  return judged(run_parts(load, parts, load.budget_s.value_or(full_budget_s), adjust));
}

Numbers run_system_quick(const Load& asked) {
  Load load = asked;
  load.brief = true;
  if (!load.repeat) load.repeat = 1;
  return judged(run_parts(load, quick_parts, load.budget_s.value_or(quick_budget_s), adjust));
}

}  // namespace dlt::bench
