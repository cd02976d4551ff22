// The networks of a Testbed as texts for `ip -batch`, `tc -batch` and `nft -f`. Pure; any thread.
//
//   node 0   eth0 ───── p0 ┐
//   node 1   eth0 ───── p1 ┤ br0        nodes of the left side      node i has the address 10.77.0.(i + 1)
//                          └ trunk0
//                          ┌ trunk1     with a trunk only: what lies between the two sides
//   node 2   eth0 ───── p2 ┤ br1        nodes of the right side
//
// A wire is a veth pair, or two TAP devices with a delay line between them. Everything is dropped in one place, the
// bridge's forwarding, so that a count of what was dropped is one number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dlt::bench {

// What a wire does to packets, in each direction.
struct Shape {
  double rtt_ms = 0;  // there and back
  double jitter_ms = 0;
  double loss = 0;    // share of the packets, 0 … 1
  double mbit_s = 0;  // 0: as fast as it goes

  [[nodiscard]] bool delays() const noexcept { return rtt_ms > 0 || jitter_ms > 0; }
  [[nodiscard]] bool shapes() const noexcept { return delays() || loss > 0 || mbit_s > 0; }
};

[[nodiscard]] std::string node_address(unsigned node);

// ip, in the network of the bridges.
[[nodiscard]] std::string lay_bridges(bool trunk);
[[nodiscard]] std::string lay_veth(unsigned node, const std::string& network_of_node, bool whole_packets);
[[nodiscard]] std::string plug_in(unsigned node, bool right_side);
// ip, in the network of a node.
[[nodiscard]] std::string set_up_node(unsigned node, bool whole_packets);

// tc: one end of a wire. `netem`: the kernel has it and does the delay as well.
[[nodiscard]] std::string shape_device(const std::string& device, const Shape& shape, bool netem);

// What happens to the packets of a node; `to_node` and `from_node` are silent drops.
struct Fate {
  unsigned node = 0;
  double loss = 0;  // both ways
  bool drop_from = false, drop_to = false;
};
// nft, in the network of the bridges: replaces what there was.
[[nodiscard]] std::string forwarding_rules(const std::vector<Fate>& fates);
// nft, in the network of a node: segments to that port are answered with a reset; port 0: no more.
[[nodiscard]] std::string reset_rules(std::uint16_t port);
// The sum of the counters in what `nft list` prints.
[[nodiscard]] std::uint64_t packets_counted(const std::string& listing);

}  // namespace dlt::bench
