// A process that does its share of a workload.
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {

void work_worker(Channel& channel) {
  constexpr double patience_s = 600;
  const auto plan = from_wire<WorkPlan>(channel.expect(60));
  const WorkloadKind* kind = find_workload(plan.kind);
  if (kind == nullptr) throw BenchError("no workload '" + plan.kind + "'");
  const auto workload = kind->make(plan);
  WorkLog log(plan, kind->logging_threads(plan.threads));
  workload->prepare();
  channel.send("ready");
  (void)channel.expect(patience_s);  // go

  WorkResult result;
  const Usage before = usage_of();
  result.begin_ns = now_ns();
  workload->run(log);
  result.end_ns = now_ns();
  log.finish(result);
  result.usage = usage_of().since(before);
  result.counters = workload->counters();
  result.operation_ns = workload->operation_ns().counted();
  channel.send(to_wire(result));
  (void)channel.expect(patience_s);  // end
}

}  // namespace dlt::bench
