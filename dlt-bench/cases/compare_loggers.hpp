// Peers that need no daemon of the incumbent's: spdlog's asynchronous logger to a file, and syslog. One run each.
#pragma once

#include "case.hpp"
#include "harness/plan.hpp"

namespace dlt::bench {

// What has arrived is read back from the file: unique, in order, whole.
[[nodiscard]] Sample run_spdlog(const ProducePlan& asked);
// Nothing can be known of what has arrived; the sample says as delivered what was called.
[[nodiscard]] Sample run_syslog(const ProducePlan& asked);
// To a reader of ours in the place of a syslog daemon, which counts what arrives and writes nothing (see DevLog).
[[nodiscard]] Sample run_syslog_to_reader(const ProducePlan& asked);

}  // namespace dlt::bench
