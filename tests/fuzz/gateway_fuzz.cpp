// dlt_gateway.conf: any text gives nodes that can be connected to, each ECU id once, and problems that can be printed.
#include <set>

#include "fuzz.hpp"
#include "gateway/node_file.hpp"

using namespace dlt::daemon::gateway;
using dlt::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = parse_nodes(text, "f", {"GATE"});
  require(file.problems.size() <= 20, "few problems are told");
  for (const auto& problem : file.problems)
    for (const char c : problem) require(c >= ' ' && c < 0x7f, "problems are printable");
  require(file.nodes.size() <= most_nodes, "there are few nodes");
  std::set<dlt::EcuId> ids{"GATE"};
  for (const auto& node : file.nodes) {
    require(!node.address.empty() && node.port != 0, "a node has an address");
    require(!node.ecu.empty() && ids.insert(node.ecu).second, "each ECU id is there once");
    require(node.interval.count() >= 1 && node.at_connect.size() <= 16 && node.periodic.size() <= 16,
            "values keep their limits");
    for (const auto& periodic : node.periodic) require(periodic.interval.count() >= 1, "nothing is sent all the time");
  }
  return 0;
}
