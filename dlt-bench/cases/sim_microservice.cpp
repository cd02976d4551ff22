// Six services, each a process: a request goes from one to the next; each logs its part of the trace.
#include "cases.hpp"
#include "cases/simulation.hpp"
#include "harness/report.hpp"

namespace dlt::bench {

Numbers run_sim_microservice(const Load& load) {
  Simulation s{"sim-microservice", "service", "6 services in a row", 6, 2, 25'000, "requests", {}};
  s.story = [](const Counters& all) {
    const auto n = [&](const char* name) { return human(double(all.contains(name) ? all.at(name) : 0)); };
    return n("complete") + " traces joined, every one complete; " + n("spans") + " spans, of them with status 200 " +
           n("status_200") + ", 400 " + n("status_400") + ", 500 " + n("status_500") + ", 503 " + n("status_503");
  };
  return simulate(load, s);
}

}  // namespace dlt::bench
