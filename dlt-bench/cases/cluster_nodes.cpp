#include "cases/cluster_nodes.hpp"

#include <poll.h>

#include <algorithm>
#include <fstream>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/interrupt.hpp"
#include "harness/json.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds answer_limit{120};
constexpr double connect_limit_s = 30, silence_limit_s = 5;
constexpr double broken_s = 0.1;

void wait_a_little() {
  ::poll(nullptr, 0, 5);
  if (interrupted()) throw BenchError("interrupted");
}

}  // namespace

ClusterRun::ClusterRun(const ClusterPlan& plan)
    : plan_(plan), run_(next_run_id()), testbed_({plan.nodes + 1, plan.link, {}}), nodes_(plan.nodes + 1) {}

// No two lives of any nodes have a clock in common.
double ClusterRun::clock_begin_s(unsigned node, unsigned life) const { return 10'000.0 * node + 1000.0 * (life + 1); }

void ClusterRun::start_node_daemon(unsigned node) {
  nodes_[node].daemon.emplace(
      Daemon::start(DaemonPlan{Store::none, false, testbed_.network(node).fd(), "ECUId = " + ecu(node) + "\n"}));
}

void ClusterRun::start_gateway() {
  const std::string file = (folder_.path() / "dlt_gateway.conf").string();
  std::ofstream out(file);
  out << "[General]\nInterval=1\n";
  for (unsigned i = 1; i <= plan_.nodes; ++i)
    out << "[PassiveNode" << i << "]\nIPaddress=" << node_address(i) << "\nPort=" << network_client_port
        << "\nEcuID=" << ecu(i) << "\nConnect=OnStartup\nTimeout=60\n";
  out.close();
  gateway_.emplace(Daemon::start(DaemonPlan{Store::plain, false, testbed_.network(0).fd(),
                                            "ECUId = GATE\nGatewayMode = 1\nGatewayConfigFile = " + file + "\n"}));
}

void ClusterRun::alive() {
  gateway_->check_alive();
  for (auto& node : nodes_)
    if (node.daemon) node.daemon->check_alive();
}

ClusterRun::GatewayView ClusterRun::gateway_view() {
  GatewayView view;
  const Json status = Json::parse(gateway_->status_text());
  for (const auto& node : status.at("nodes")) {
    view.connected += node.value("state", "") == "connected" ? 1U : 0U;
    view.received += node.at("received").value("messages", std::uint64_t{0});
    view.lost += node.value("lost", std::uint64_t{0});
    view.foreign += node.value("foreign_messages", std::uint64_t{0});
    view.garbage += node.value("garbage_bytes", std::uint64_t{0});
    view.reconnects += node.value("reconnects", std::uint64_t{0});
    view.resumed += node.value("resumed", std::uint64_t{0});
  }
  return view;
}

void ClusterRun::wait_connected() {
  for (const double begin = now_s(); gateway_view().connected < plan_.nodes; wait_a_little()) {
    alive();
    if (now_s() - begin > connect_limit_s) throw BenchError("the gateway does not reach all of its nodes");
  }
}

// Until the gateway has it all, or nothing new for a while. Returns when the last of it came.
double ClusterRun::wait_gathered(std::uint64_t expected) {
  std::uint64_t last = 0;
  double changed = now_s();
  for (;; wait_a_little()) {
    const std::uint64_t n = gateway_view().received;
    if (n >= expected) return now_s();
    if (n != last) last = n, changed = now_s();
    if (now_s() - changed > silence_limit_s) return changed;
  }
}

void ClusterRun::break_links() {
  for (unsigned i = 1; i <= plan_.nodes; ++i) testbed_.reset(i, network_client_port);
  ::poll(nullptr, 0, static_cast<int>(broken_s * 1e3));
  for (unsigned i = 1; i <= plan_.nodes; ++i) testbed_.reset(i, 0);
}

void ClusterRun::add(const ProduceResult& produced, Sample& s) {
  s.offered += produced.offered_total();
  s.accepted += produced.books.accepted;
  for (const auto& [cause, n] : produced.books.dropped)
    if (n != 0) s.dropped[cause] += n;
  s.application.cpu_s += produced.usage.cpu_s;
  s.application.peak_rss_bytes = std::max(s.application.peak_rss_bytes, produced.usage.peak_rss_bytes);
  s.call_ns = produced.call_ns;
  if (!produced.flushed) s.faults.emplace_back("a node was not flushed in time");
  if (!produced.books.closes) s.faults.emplace_back("the library's own books do not close");
}

void ClusterRun::live(unsigned life, Sample& sample) {
  for (unsigned i = 1; i <= plan_.nodes; ++i) {
    ProducePlan plan = plan_.produce;
    plan.run = run_;
    plan.address = nodes_[i].daemon->unix_address();
    plan.first_producer = ((i - 1) * plan_.lives + life) * plan.threads;
    const auto offset = static_cast<long>(clock_begin_s(i, life) - now_s());
    const std::string clocks =
        "monotonic " + std::to_string(offset) + " 0\nboottime " + std::to_string(offset) + " 0\n";
    nodes_[i].application.emplace(start_worker_in(testbed_.network(i).fd(), clocks, "produce", to_wire(plan)));
  }
  const auto each = [&](auto&& action) {
    for (unsigned i = 1; i <= plan_.nodes; ++i) action(*nodes_[i].application);
  };
  const auto watch = [this] { alive(); };
  each([&](Child& c) { (void)c.receive(answer_limit, watch); });
  each([&](Child& c) { c.send("go"); });
  if (plan_.break_links && life == 0) break_links();
  each([&](Child& c) { (void)c.receive(answer_limit, watch); });
  each([&](Child& c) { c.send("flush"); });
  each([&](Child& c) { add(from_wire<ProduceResult>(c.receive(answer_limit, watch)), sample); });
  each([&](Child& c) {
    c.send("end");
    (void)c.stop(0, Seconds(10));
  });
}

void ClusterRun::end_node_daemons(Sample& sample) {
  for (auto& node : nodes_) {
    if (!node.daemon) continue;
    const Usage usage = usage_of(node.daemon->pid());
    sample.daemon.cpu_s += usage.cpu_s;
    sample.daemon.peak_rss_bytes = std::max(sample.daemon.peak_rss_bytes, usage.peak_rss_bytes);
    node.daemon->stop();
    node.daemon.reset();
  }
}

void ClusterRun::judge(const GatewayView& gateway, Sample& s) {
  CensusPlan plan{gateway_->store_directory(), run_, {}, plan_.produce.payload};
  for (unsigned i = 1; i <= plan_.nodes; ++i)
    plan.ecus.insert(plan.ecus.end(), plan_.lives * plan_.produce.threads, ecu(i));
  census_ = read_census(plan);
  // What a node has lost on the way to the gateway it has told.
  if (gateway.lost != 0) s.dropped["told_by_nodes"] += gateway.lost;
  s.delivered = census_.delivered();
  s.delivered_bytes = census_.bytes;
  s.faults.insert(s.faults.end(), census_.faults.begin(), census_.faults.end());
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered) -
                  static_cast<std::int64_t>(s.dropped_total());
  const auto fault = [&](std::uint64_t n, const std::string& what) {
    if (n != 0) s.faults.push_back(std::to_string(n) + what);
  };
  if (s.unaccounted != 0)
    s.faults.push_back(std::to_string(s.unaccounted) + " messages unaccounted for: " + std::to_string(s.accepted) +
                       " accepted, " + std::to_string(s.delivered) + " delivered, " +
                       std::to_string(s.dropped_total()) + " dropped");
  fault(census_.again(), " messages are stored twice");
  fault(gateway.foreign, " messages came under a foreign ECU id");
  fault(plan_.break_links ? 0 : gateway.garbage, " bytes of garbage came to the gateway");
  s.extra["reconnects"] = static_cast<double>(gateway.reconnects);
  s.extra["resumed"] = static_cast<double>(gateway.resumed);
  s.extra["packets_dropped_by_rule"] = static_cast<double>(testbed_.dropped_by_rule());
  s.extra["packets_dropped_by_delay"] = static_cast<double>(testbed_.dropped_by_delay());
  s.extra["goodput_mbit_s"] = s.mb_per_s() * 8;
}

Sample ClusterRun::once() {
  Sample s;
  for (unsigned i = 1; i <= plan_.nodes; ++i) start_node_daemon(i);
  start_gateway();
  for (unsigned life = 0; life < plan_.lives; ++life) {
    if (life != 0)
      for (unsigned i = 1; i <= plan_.nodes; ++i) start_node_daemon(i);
    wait_connected();
    const double begin = now_s();
    live(life, s);
    s.seconds += wait_gathered(s.accepted - s.dropped_total()) - begin;
    end_node_daemons(s);
  }
  const GatewayView gateway = gateway_view();
  const DaemonStatus status = gateway_->status();
  if (status.store_dropped != 0) s.dropped["daemon_store"] += status.store_dropped;
  s.daemon.cpu_s += usage_of(gateway_->pid()).cpu_s;
  gateway_->stop();
  judge(gateway, s);
  return s;
}

std::string ClusterRun::clocks_note() const {
  std::size_t own = 0;
  for (std::size_t i = 0; i < census_.residents.size(); ++i) {
    const auto node = static_cast<unsigned>(i / plan_.produce.threads / plan_.lives) + 1;
    const auto life = static_cast<unsigned>(i / plan_.produce.threads % plan_.lives);
    const double begin = clock_begin_s(node, life), first = static_cast<double>(census_.residents[i].first_stamp) / 1e4;
    own += first >= begin - 1 && first < begin + 900 ? 1U : 0U;
  }
  if (own == census_.residents.size())
    return std::to_string(plan_.nodes) + " ECU ids, " + std::to_string(plan_.lives) +
           " lives of each: every one with a clock of its own, all as stored";
  return std::to_string(own) + " of " + std::to_string(census_.residents.size()) +
         " lives with a clock of their own: this kernel does not give clocks to processes";
}

}  // namespace dlt::bench
