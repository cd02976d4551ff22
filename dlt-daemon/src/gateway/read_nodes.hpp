// The passive nodes that the configuration asks for. Blocking calls that do not wait; any thread.
#pragma once

#include <optional>
#include <vector>

#include "config.hpp"
#include "gateway/node_file.hpp"

namespace dlt::daemon::gateway {

// None where GatewayMode is off. Nothing: the file cannot be read. What is wrong with it goes to the daemon's log.
[[nodiscard]] std::optional<std::vector<NodeConfig>> read_nodes(const Config& config);

// Their file, and what is wrong with it, unread too; empty where GatewayMode is off.
[[nodiscard]] NodeFile check_nodes(const Config& config);

}  // namespace dlt::daemon::gateway
