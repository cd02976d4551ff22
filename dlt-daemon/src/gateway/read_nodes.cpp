#include "gateway/read_nodes.hpp"

#include <spdlog/spdlog.h>

#include "config_file.hpp"
#include "gateway/node_file.hpp"

namespace dlt::daemon::gateway {

namespace {

NodeFile parse(const ConfigFile& read, const Config& config) {
  return parse_nodes(read.text, config.gateway_file, {config.ecu, config.send_serial_header});
}

}  // namespace

std::optional<std::vector<NodeConfig>> read_nodes(const Config& config) {
  if (!config.gateway) return std::vector<NodeConfig>();
  const ConfigFile read = read_config_file(config.gateway_file);
  if (!read.problem.empty()) {
    spdlog::error("gateway: {}", read.problem);
    return std::nullopt;
  }
  if (!read.warning.empty()) spdlog::warn("gateway: {}", read.warning);
  NodeFile file = parse(read, config);
  for (const auto& warning : file.warnings) spdlog::warn("gateway: {}", warning);
  for (const auto& problem : file.problems) spdlog::error("gateway: {}", problem);
  if (file.nodes.empty()) spdlog::warn("gateway: {} names no passive node", config.gateway_file);
  return std::move(file.nodes);
}

NodeFile check_nodes(const Config& config) {
  if (!config.gateway) return {};
  const ConfigFile read = read_config_file(config.gateway_file);
  if (!read.problem.empty()) return {{}, {read.problem}, {}};
  return parse(read, config);
}

}  // namespace dlt::daemon::gateway
