// Machines on one machine: each node a network of its own, joined by a bridge, its wire as slow, narrow and lossy as
// asked for. See net_commands.hpp for the picture.
//
// Node 0 is where messages are collected; its wire has no shape. All of it goes away with this object, or with the
// process, however that ends. The constructor throws CannotRunHere where the machine does not have what it takes
// (root, ip, tc, nft, /dev/net/tun). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/child.hpp"
#include "harness/net_commands.hpp"
#include "harness/net_namespace.hpp"

namespace dlt::bench {

struct TestbedPlan {
  unsigned nodes = 2;          // with node 0
  Shape shape;                 // of each wire but that of node 0
  std::optional<Shape> trunk;  // the second half of the nodes lies behind it
};

class Testbed {
 public:
  explicit Testbed(const TestbedPlan& plan);

  [[nodiscard]] unsigned nodes() const noexcept { return static_cast<unsigned>(nodes_.size()); }
  [[nodiscard]] const NetNamespace& network(unsigned node) const { return nodes_[node]; }
  [[nodiscard]] bool right_side(unsigned node) const noexcept { return plan_.trunk && node >= nodes() / 2; }

  // What goes wrong, from now on.
  void pull_cable(unsigned node);  // the link is down: both ends know
  void plug_cable(unsigned node);
  void silence(unsigned node, bool from, bool to);  // packets from it, to it, vanish; nobody is told
  // Segments to this port of a node are answered with a reset, until port 0 is named; with `kill` both ends of the
  // connections that are there are ended, too.
  void reset(unsigned node, std::uint16_t port);
  [[nodiscard]] bool end_connections(unsigned node, std::uint16_t port);  // false: the kernel does not do that

  // Packets that were dropped on purpose since the last change of the rules; by the delay line for lack of room.
  [[nodiscard]] std::uint64_t dropped_by_rule() const;
  [[nodiscard]] std::uint64_t dropped_by_delay();
  [[nodiscard]] std::string delay_by() const;  // "netem", "TAP" or "none"
  [[nodiscard]] std::string congestion_control() const;

 private:
  void lay();
  void lay_delayed(const std::vector<unsigned>& nodes);
  void apply_rules();
  [[nodiscard]] bool is_delayed(unsigned node) const noexcept;

  TestbedPlan plan_;
  bool netem_ = false;
  NetNamespace hub_;
  std::vector<NetNamespace> nodes_;
  std::vector<Fate> fates_;
  std::optional<Child> delay_;
};

}  // namespace dlt::bench
