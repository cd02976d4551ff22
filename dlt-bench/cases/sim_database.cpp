// Nodes of a database, each a process with a table in memory: a quarter insert, update, delete, select.
#include "cases.hpp"
#include "cases/simulation.hpp"
#include "harness/report.hpp"

namespace dlt::bench {

Numbers run_sim_database(const Load& load) {
  Simulation s{"sim-database", "database", "8 nodes", 8, 2, 50'000, "operations", {}};
  s.story = [](const Counters& all) {
    return human(double(all.at("insert"))) + " inserts, " + human(double(all.at("update"))) + " updates, " +
           human(double(all.at("delete"))) + " deletes, " + human(double(all.at("select"))) + " selects, hits " +
           human(double(all.at("hits"))) + "; the log replayed gives the same tables, " +
           human(double(all.contains("rows") ? all.at("rows") : 0)) + " rows";
  };
  return simulate(load, s);
}

}  // namespace dlt::bench
