// Threads that compute on every CPU and log what they find: by how much does that slow them down.
#include "cases.hpp"
#include "cases/simulation.hpp"
#include "harness/facts.hpp"
#include "harness/report.hpp"

namespace dlt::bench {

Numbers run_stress_cpu(const Load& load) {
  const unsigned cpus = cpu_count();
  Simulation s{"stress-cpu", "primes", "1 process", 1, cpus, 24'000 * std::uint64_t{cpus}, "blocks of 64 numbers", {}};
  s.members =
      std::to_string(load.threads.value_or(cpus)) + " threads that compute on " + std::to_string(cpus) + " CPUs";
  s.story = [](const Counters& all) {
    return human(double(all.at("primes"))) + " primes in " + human(double(all.at("blocks"))) + " blocks, and their sum";
  };
  return simulate(load, s);
}

}  // namespace dlt::bench
