#include "harness/testbed.hpp"

#include <unistd.h>

#include "harness/delay_plan.hpp"
#include "harness/error.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds worker_limit{20};

bool has_netem() {
  try {
    NetNamespace trial;
    trial.run({"tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"});
    return true;
  } catch (const CannotRunHere&) {
    throw;
  } catch (const BenchError&) {
    return false;
  }
}

void batch(const NetNamespace& network, const char* program, const std::string& text) {
  if (!text.empty()) network.run_file({program, "-batch"}, text);
}

}  // namespace

Testbed::Testbed(const TestbedPlan& plan) : plan_(plan) {
  for (unsigned i = 0; i < plan.nodes; ++i) {
    nodes_.emplace_back();
    fates_.push_back({i, i == 0 ? 0 : plan.shape.loss, false, false});
  }
  try {
    lay();
  } catch (const BenchError& e) {
    throw CannotRunHere(e.what());
  }
}

bool Testbed::is_delayed(unsigned node) const noexcept { return node != 0 && plan_.shape.delays() && !netem_; }

void Testbed::lay() {
  netem_ = plan_.shape.delays() && has_netem();
  std::string at_hub = lay_bridges(plan_.trunk.has_value()), queues;
  std::vector<unsigned> delayed;
  for (unsigned i = 0; i < nodes(); ++i) {
    if (is_delayed(i)) delayed.push_back(i);
    else at_hub += lay_veth(i, nodes_[i].path(), plan_.shape.shapes() || plan_.trunk);
  }
  batch(hub_, "ip", at_hub);
  if (!delayed.empty()) lay_delayed(delayed);
  std::string plugs;
  for (unsigned i = 0; i < nodes(); ++i) {
    plugs += plug_in(i, right_side(i));
    batch(nodes_[i], "ip", set_up_node(i, plan_.shape.shapes() || plan_.trunk));
    if (i == 0) continue;
    batch(nodes_[i], "tc", shape_device("eth0", plan_.shape, netem_));
    queues += shape_device("p" + std::to_string(i), plan_.shape, netem_);
  }
  batch(hub_, "ip", plugs);
  if (plan_.trunk) queues += shape_device("trunk0", *plan_.trunk, false) + shape_device("trunk1", *plan_.trunk, false);
  batch(hub_, "tc", queues);
  if (plan_.shape.loss > 0) apply_rules();
}

void Testbed::lay_delayed(const std::vector<unsigned>& nodes) {
  if (::access("/dev/net/tun", R_OK | W_OK) != 0)
    throw BenchError("a delay takes a kernel with netem, or /dev/net/tun");
  delay_.emplace(start_worker("delay", std::to_string(nodes.size())));
  for (const unsigned node : nodes) {
    DelayedWire wire{nodes_[node].path(), "eth0", hub_.path(), "p" + std::to_string(node), {}};
    wire.limits.delay_ns = static_cast<std::uint64_t>(plan_.shape.rtt_ms / 2 * 1e6);
    wire.limits.jitter_ns = static_cast<std::uint64_t>(plan_.shape.jitter_ms * 1e6);
    delay_->send(to_line(wire));
  }
  (void)delay_->receive(worker_limit);
}

void Testbed::apply_rules() { hub_.run_file({"nft", "-f"}, forwarding_rules(fates_)); }

void Testbed::pull_cable(unsigned node) { nodes_[node].run({"ip", "link", "set", "eth0", "down"}); }
void Testbed::plug_cable(unsigned node) { nodes_[node].run({"ip", "link", "set", "eth0", "up"}); }

void Testbed::silence(unsigned node, bool from, bool to) {
  fates_[node].drop_from = from;
  fates_[node].drop_to = to;
  apply_rules();
}

void Testbed::reset(unsigned node, std::uint16_t port) { nodes_[node].run_file({"nft", "-f"}, reset_rules(port)); }

bool Testbed::end_connections(unsigned node, std::uint16_t port) {
  const std::string ended =
      nodes_[node].output("ss -K -H -t state established sport = :" + std::to_string(port) + " 2>/dev/null");
  return !ended.empty();
}

std::uint64_t Testbed::dropped_by_rule() const {
  return packets_counted(hub_.output("nft list table bridge testbed 2>/dev/null"));
}

std::uint64_t Testbed::dropped_by_delay() {
  if (!delay_) return 0;
  delay_->send("counts");
  const std::string counts = delay_->receive(worker_limit);
  return std::stoull(counts.substr(counts.find(' ')));
}

std::string Testbed::delay_by() const { return delay_ ? "TAP" : netem_ ? "netem" : "none"; }

std::string Testbed::congestion_control() const {
  std::string name = nodes_.front().output("cat /proc/sys/net/ipv4/tcp_congestion_control");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

}  // namespace dlt::bench
