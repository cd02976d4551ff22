// What the cases on a Testbed have in common.
#pragma once

#include <functional>
#include <optional>

#include "harness/net_run.hpp"

namespace dlt::bench {

// What a case gives instead of numbers: a daemon that runs elsewhere is not on its nodes; a machine without what it
// takes. Nothing when `measure` can be run; then its numbers are returned.
[[nodiscard]] Numbers on_testbed(const Load& load, const char* name, const std::function<Numbers()>& measure);

// 1 in brief, else 3: each condition of the network is a row.
[[nodiscard]] unsigned network_repeats(const Load& load);

}  // namespace dlt::bench
