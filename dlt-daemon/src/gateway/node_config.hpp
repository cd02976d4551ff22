// What is configured of one passive node: a section of dlt_gateway.conf. A plain value; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dlt/proto/control.hpp"
#include "dlt/proto/ids.hpp"

namespace dlt::daemon::gateway {

struct Periodic {
  proto::control::Service service{};
  std::chrono::seconds interval{1};

  friend bool operator==(const Periodic&, const Periodic&) = default;
};

struct NodeConfig {
  std::string name;     // of the section
  std::string address;  // numeric
  std::uint16_t port = 3490;
  EcuId ecu;                                        // of the node; its messages carry it
  bool on_startup = true;                           // connect with the daemon's start, or only when asked to
  std::uint32_t retries = 10;                       // tries after one that failed, then the node is given up; 0: no end
  std::chrono::seconds interval{1};                 // between the first tries
  std::vector<proto::control::Service> at_connect;  // sent on each new connection
  std::vector<Periodic> periodic;                   // sent while it is connected
  bool serial_header = false;                       // "DLS\1" before each request to the node

  friend bool operator==(const NodeConfig&, const NodeConfig&) = default;
};

}  // namespace dlt::daemon::gateway
