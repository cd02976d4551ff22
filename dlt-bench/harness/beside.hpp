// Two results side by side: what the DLT suite (`full --json`) has measured and what this run has, where they measure
// the same. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/report.hpp"

namespace dlt::bench {

// "messages/s" to "12.3 M (max-throughput: 4 threads), there 21.5 M (throughput: 1 thread, unix), 0.57 x"; of the
// fastest row of each. Throws BenchError when `json` is no result of dlt-bench.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> beside(const Report& report, const std::string& json);

}  // namespace dlt::bench
