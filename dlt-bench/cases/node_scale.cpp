// Many nodes, a process each with many workers, log to one daemon by TCP: what arrives of all of them, and how that
// grows. All of them, the daemon and the client share this machine's CPUs; efficiency is given against as many workers
// as there are CPUs.
#include <algorithm>

#include "cases.hpp"
#include "cases/network.hpp"
#include "harness/facts.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

std::string counted(unsigned n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

NetSetup setup_for(const Load& load, unsigned nodes, unsigned workers) {
  NetSetup setup;
  setup.case_name = "node-scale";
  setup.config = {{"nodes", counted(nodes, "node")}, {"workers", counted(workers, "worker") + " each"}};
  for (unsigned i = 1; i <= nodes; ++i) setup.flows.push_back({i, 0});
  setup.plan = lossless_plan(load, workers);
  if (workers > 4) setup.plan.buffer_capacity = load.buffer.value_or(1024);  // each worker has one
  setup.plan.duration_s = load.messages ? 0 : duration_of(load, 0.5, 0.2);
  setup.plan.flush_s = 60;
  return setup;
}

Row measure_one(const Load& load, Testbed& testbed, unsigned nodes, unsigned workers, double single) {
  Row row = measure_network(testbed, setup_for(load, nodes, workers), network_repeats(load));
  const double processors = std::min(nodes * workers, cpu_count());
  for (Sample& s : row.samples) {
    if (single <= 0) continue;
    s.extra["speed_up"] = s.msgs_per_s() / single;
    s.extra["efficiency"] = s.msgs_per_s() / single / processors;
  }
  const Spread rate = spread(row, &Sample::msgs_per_s);
  if (single > 0)
    row.notes.push_back("speed-up " + human(rate.median / single) + ", efficiency " +
                        human(rate.median / single / processors * 100) + " % of " + std::to_string(cpu_count()) +
                        " CPUs");
  if (nodes * workers > cpu_count())
    row.notes.push_back(std::to_string(nodes * workers) + " threads on " + std::to_string(cpu_count()) +
                        " CPUs: the scheduler is measured too");
  return row;
}

Numbers measure_scale(const Load& load) {
  std::vector<unsigned> workers{1, 4, 32};
  if (load.brief) workers = {1};
  if (load.threads) workers = {*load.threads};
  std::vector<unsigned> nodes{2, 4, 8, 16};
  if (load.brief) nodes = {2, 4};
  Testbed testbed({nodes.back() + 1, {}, {}});
  Numbers numbers;
  numbers.rows.push_back(measure_one(load, testbed, 1, 1, 0));
  const double single = spread(numbers.rows.front(), &Sample::msgs_per_s).median;
  for (const unsigned w : workers)
    for (const unsigned n : nodes) numbers.rows.push_back(measure_one(load, testbed, n, w, single));
  return numbers;
}

}  // namespace

Numbers run_node_scale(const Load& load) {
  return on_testbed(load, "node-scale", [&] { return measure_scale(load); });
}

}  // namespace dlt::bench
