// What the process between two TAP devices is asked to do: one line of text for each wire. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "harness/delay_line.hpp"

namespace dlt::bench {

// The two ends: a device, and the file of the network that it is made in.
struct DelayedWire {
  std::string near_network, near_device;
  std::string far_network, far_device;
  DelayLimits limits;

  bool operator==(const DelayedWire& other) const {
    return near_network == other.near_network && near_device == other.near_device && far_network == other.far_network &&
           far_device == other.far_device && limits.delay_ns == other.limits.delay_ns &&
           limits.jitter_ns == other.limits.jitter_ns && limits.packets == other.limits.packets &&
           limits.bytes == other.limits.bytes;
  }
};

[[nodiscard]] std::string to_line(const DelayedWire& wire);
// Throws BenchError when it is none.
[[nodiscard]] DelayedWire delayed_wire(const std::string& line);

}  // namespace dlt::bench
