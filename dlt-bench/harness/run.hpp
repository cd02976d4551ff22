// One repeat of a configuration, from its first process to its last: a fresh process that logs, the receiving end, the
// books. measure() does this several times over. One thread.
#pragma once

#include "harness/measure.hpp"

namespace dlt::bench {

class Dashboard;

// What goes on beside a run.
struct Beside {
  bool lossy_relay = false;        // see Load
  Dashboard* dashboard = nullptr;  // shows it; may be absent
  std::string profile;             // directory for CPU profiles; empty: none
  std::string profile_name;
  std::vector<std::string> notes{};  // out: for the row
};

// Faults of the repeat stand in the sample. Throws BenchError when the run cannot go on: the daemon is gone, a worker
// ended, a limit passed.
[[nodiscard]] Sample run_once(Daemon& daemon, const Setup& setup, const ProducePlan& plan, Beside& beside);

}  // namespace dlt::bench
