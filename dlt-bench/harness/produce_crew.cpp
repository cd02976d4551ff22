#include "harness/produce_crew.hpp"

#include <algorithm>

#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/wire.hpp"

namespace dlt::bench {
namespace {

Percentiles brought_together(const std::vector<ProduceResult>& results) {
  Percentiles all;
  std::vector<double> p50, p90;
  for (const ProduceResult& r : results) {
    all.count += r.call_ns.count;
    p50.push_back(r.call_ns.p50), p90.push_back(r.call_ns.p90);
    all.p99 = std::max(all.p99, r.call_ns.p99), all.p999 = std::max(all.p999, r.call_ns.p999);
    all.max = std::max(all.max, r.call_ns.max);
  }
  all.p50 = spread(p50).median, all.p90 = spread(p90).median;
  return all;
}

}  // namespace

Sample produce_together(Crew& crew, const Producers& p) {
  RecountPlan recount;
  recount.threads = p.plan.producers();
  recount.payload = p.plan.payload;
  for (unsigned i = 0; i < p.processes; ++i) {
    ProducePlan plan = p.plan;
    plan.run = recount.runs.emplace_back(next_run_id());
    plan.address = p.tcp ? crew.daemon().tcp_address() : crew.daemon().unix_address();
    crew.join("produce", to_wire(plan));
  }
  crew.wait_ready();
  if (p.before) p.before(crew);
  (void)crew.ask("go", p.watch);
  if (p.produced) p.produced(crew);
  Sample sample;
  std::vector<ProduceResult> results;
  std::uint64_t begin = ~std::uint64_t{0};
  for (const std::string& line : crew.ask("flush", p.watch)) {
    const ProduceResult& r = results.emplace_back(from_wire<ProduceResult>(line));
    Crew::enter(sample, r.offered_total(), r.books, r.flushed, r.usage);
    begin = std::min(begin, r.begin_ns);
    sample.clock_overhead_ns = r.clock_overhead_ns;
    sample.reserved_bytes += r.books.reserved_bytes;
    sample.buffers += r.books.buffers_used;
  }
  sample.call_ns = brought_together(results);
  (void)crew.settle(sample, begin, recount);
  crew.dismiss();
  return sample;
}

}  // namespace dlt::bench
