// Nodes with a daemon each, and one that gathers them all: a gateway with files, over links that are narrow and lossy.
// Every node lives twice, with a clock of its own that begins anew with each life; the gateway's files, read back, tell
// for each message which node wrote it (its ECU id), in which life, which number it had, and when by that node's clock.
//
// In one row each link is broken while its node logs: the node sends again what was under way, so that row has to close
// as well.
#include <poll.h>

#include <algorithm>

#include "cases.hpp"
#include "cases/cluster_nodes.hpp"
#include "cases/network.hpp"
#include "harness/clock.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned lives = 2;

ClusterPlan plan_for(const Load& load, unsigned nodes, bool broken) {
  ClusterPlan plan;
  plan.nodes = nodes;
  plan.lives = lives;
  plan.link = {2, 0, 0.005, 10};
  plan.break_links = broken;
  plan.produce = plan_of(load, load.threads.value_or(1));
  plan.produce.overflow_mode = 2;
  plan.produce.timeout_ms = 60'000;
  plan.produce.timing = Timing::each;
  plan.produce.rate = load.rate.value_or(4000);  // 2.2 Mbit/s of a node
  plan.produce.duration_s = load.messages ? 0 : duration_of(load, 1.5, 0.3);
  return plan;
}

Row measure_cluster(const Load& load, unsigned nodes, bool broken) {
  Row row;
  row.case_name = "cluster";
  row.config = {{"nodes", std::to_string(nodes) + " nodes"},
                {"links", "10 Mbit/s, RTT 2 ms, 0.5 % lost"},
                {"fault", broken ? "each link broken once" : ""}};
  const unsigned repeats = load.repeat.value_or(1);  // a gateway that finds its nodes again takes seconds
  for (unsigned i = 1; i <= repeats; ++i) {
    progress("cluster: " + row.label() + ", repeat " + std::to_string(i), 5.0 * (repeats + 1 - i));
    ClusterRun run(plan_for(load, nodes, broken));
    Sample s = run.once();
    for (const auto& fault : s.faults) row.faults.push_back("repeat " + std::to_string(i) + ": " + fault);
    row.samples.push_back(std::move(s));
    if (i == repeats) row.notes = {network_note(row.samples.back()), run.clocks_note()};
  }
  progress_done();
  return row;
}

Numbers measure(const Load& load) {
  std::vector<unsigned> sizes{2, 4, 8, 16};
  if (load.brief) sizes = {2};
  Numbers numbers;
  for (const unsigned nodes : sizes) numbers.rows.push_back(measure_cluster(load, nodes, false));
  if (!load.brief) numbers.rows.push_back(measure_cluster(load, 4, true));
  return numbers;
}

}  // namespace

Numbers run_cluster(const Load& load) {
  return on_testbed(load, "cluster", [&] { return measure(load); });
}

}  // namespace dlt::bench
