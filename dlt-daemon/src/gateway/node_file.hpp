// Reads the incumbent's dlt_gateway.conf.
//
//   [General]        [PassiveNode1]
//   Interval = 1     IPaddress = 192.168.2.11     Connect = OnStartup      SendControl = 0x03,0x04,0x13
//                    Port = 3490                  Timeout = 10             SendPeriodicControl = 0x03:5,0x13:10
//                    EcuID = ECU2                                          SendSerialHeader = 0
//
// A node with a value that is wrong is left out and named with file, line and section; the others work. An unknown key
// is named and has no effect. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/node_config.hpp"

namespace dlt::daemon::gateway {

inline constexpr std::size_t most_nodes = 25;  // as many as the list of passive_node_status has room for

struct NodeFile {
  std::vector<NodeConfig> nodes;
  std::vector<std::string> problems;  // "file:line: [PassiveNode2] is left out: ..."; the first 20 of them
  std::vector<std::string> warnings;  // likewise; of what works all the same
};

// What the daemon that reads it is itself.
struct Own {
  EcuId ecu;
  bool serial_header = false;  // where a node does not say
};

[[nodiscard]] NodeFile parse_nodes(std::string_view text, const std::string& file, const Own& own);

}  // namespace dlt::daemon::gateway
