// Caches, each a process whose threads look up, put in and take out.
#include <algorithm>

#include "cases.hpp"
#include "cases/simulation.hpp"
#include "harness/report.hpp"

namespace dlt::bench {

Numbers run_sim_cache(const Load& load) {
  Simulation s{"sim-cache", "cache", "6 caches of 3 threads", 6, 3, 30'000, "operations", {}};
  s.story = [](const Counters& all) {
    const double gets = std::max(1.0, double(all.at("gets")));
    return "hit rate " + human(double(all.at("hits")) / gets) + " of " + human(gets) + " look-ups, " +
           human(double(all.at("evicted"))) + " evicted, " + human(double(all.at("erased"))) + " taken out";
  };
  return simulate(load, s);
}

}  // namespace dlt::bench
