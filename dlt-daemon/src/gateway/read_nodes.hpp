// The passive nodes that the configuration asks for. What is wrong with their file goes to the daemon's log. A blocking
// call that does not wait; any thread.
#pragma once

#include <optional>
#include <vector>

#include "config.hpp"
#include "gateway/node_config.hpp"

namespace dlt::daemon::gateway {

// None where GatewayMode is off. Nothing: the file cannot be read.
[[nodiscard]] std::optional<std::vector<NodeConfig>> read_nodes(const Config& config);

}  // namespace dlt::daemon::gateway
