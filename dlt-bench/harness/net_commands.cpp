#include "harness/net_commands.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace dlt::bench {
namespace {

std::string port_of(unsigned node) { return "p" + std::to_string(node); }

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.10g", value);
  return text.data();
}

// Without this a device takes packets of 64 KiB, and one that is lost is 45 of the wire's.
std::string whole(const std::string& device) { return "link set " + device + " gso_max_segs 1\n"; }

constexpr double queue_ms = 50;  // what waits for the wire; beyond it packets are dropped

// TBF lets so much through at once: a hundredth of a second, at least a few packets.
unsigned burst_bytes(double mbit_s) { return static_cast<unsigned>(std::max(10'000.0, mbit_s * 1e6 / 8 / 100)); }

}  // namespace

std::string node_address(unsigned node) { return "10.77.0." + std::to_string(node + 1); }

std::string lay_bridges(bool trunk) {
  std::string text = "link set lo up\nlink add br0 type bridge\nlink set br0 up\n";
  if (!trunk) return text;
  return text + "link add br1 type bridge\nlink set br1 up\nlink add trunk0 type veth peer name trunk1\n" +
         whole("trunk0") + whole("trunk1") +
         "link set trunk0 master br0\nlink set trunk1 master br1\nlink set trunk0 up\nlink set trunk1 up\n";
}

std::string lay_veth(unsigned node, const std::string& network_of_node, bool whole_packets) {
  return "link add " + port_of(node) + " type veth peer name eth0 netns " + network_of_node + "\n" +
         (whole_packets ? whole(port_of(node)) : "");
}

std::string plug_in(unsigned node, bool right_side) {
  const std::string port = port_of(node);
  return "link set " + port + " master " + (right_side ? "br1" : "br0") + "\nlink set " + port + " up\n";
}

std::string set_up_node(unsigned node, bool whole_packets) {
  return "link set lo up\n" + (whole_packets ? whole("eth0") : "") + "address add " + node_address(node) +
         "/24 dev eth0\nlink set eth0 up\n";
}

std::string shape_device(const std::string& device, const Shape& shape, bool netem) {
  std::string text, parent = " root";
  if (netem && shape.delays()) {
    text += "qdisc add dev " + device + " root handle 1: netem limit 65536 delay " + number(shape.rtt_ms / 2) + "ms";
    if (shape.jitter_ms > 0) text += " " + number(shape.jitter_ms) + "ms";
    text += "\n";
    parent = " parent 1:1 handle 10:";
  }
  if (shape.mbit_s > 0)
    text += "qdisc add dev " + device + parent + " tbf rate " + number(shape.mbit_s * 1e6) + "bit burst " +
            std::to_string(burst_bytes(shape.mbit_s)) + " latency " + number(queue_ms) + "ms\n";
  return text;
}

std::string forwarding_rules(const std::vector<Fate>& fates) {
  std::string text =
      "table bridge testbed {}\nflush table bridge testbed\ntable bridge testbed {\n chain forward {\n"
      "  type filter hook forward priority 0; policy accept;\n";
  for (const Fate& f : fates) {
    const std::string port = "\"" + port_of(f.node) + "\"";
    if (f.drop_from) text += "  iifname " + port + " counter drop\n";
    if (f.drop_to) text += "  oifname " + port + " counter drop\n";
    if (f.loss <= 0) continue;
    const auto share = static_cast<unsigned>(std::clamp(f.loss, 0.0, 1.0) * 100'000);
    const std::string chance = " numgen random mod 100000 < " + std::to_string(share) + " counter drop\n";
    text += "  iifname " + port + chance + "  oifname " + port + chance;
  }
  return text + " }\n}\n";
}

std::string reset_rules(std::uint16_t port) {
  std::string text =
      "table inet testbed {}\nflush table inet testbed\ntable inet testbed {\n chain input {\n"
      "  type filter hook input priority 0; policy accept;\n";
  if (port != 0) text += "  iifname \"eth0\" tcp dport " + std::to_string(port) + " counter reject with tcp reset\n";
  return text + " }\n}\n";
}

std::uint64_t packets_counted(const std::string& listing) {
  constexpr const char* word = "counter packets ";
  std::uint64_t sum = 0;
  for (std::size_t at = 0; (at = listing.find(word, at)) != std::string::npos;) {
    at += std::char_traits<char>::length(word);
    sum += std::stoull(listing.substr(at, 20));
  }
  return sum;
}

}  // namespace dlt::bench
