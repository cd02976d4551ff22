// Message queues, each a process: 3 producers, 2 consumers that take everything.
#include <algorithm>

#include "cases.hpp"
#include "cases/simulation.hpp"
#include "harness/report.hpp"

namespace dlt::bench {

Numbers run_sim_queue(const Load& load) {
  Simulation s{"sim-queue", "queue", "4 queues, 3 producers and 2 consumers each", 4, 3, 3 * 6'666, "messages", {}};
  s.story = [](const Counters& all) {
    const double consumed = std::max(1.0, double(all.at("consumed")));
    return human(double(all.at("produced"))) + " produced, " + human(double(all.at("consumed"))) +
           " consumed, once each; lag: mean " + human(double(all.at("lag_sum_ns")) / consumed / 1e3) + " µs";
  };
  return simulate(load, s);
}

}  // namespace dlt::bench
