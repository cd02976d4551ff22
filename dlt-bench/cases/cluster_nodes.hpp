// One run of a cluster: a Testbed, a daemon on each node, the gateway on node 0, and the lives of the nodes. One
// thread.
#pragma once

#include <string>
#include <vector>

#include "harness/census.hpp"
#include "harness/daemon.hpp"
#include "harness/plan.hpp"
#include "harness/testbed.hpp"

namespace dlt::bench {

struct ClusterPlan {
  unsigned nodes = 2;  // without the gateway's
  unsigned lives = 2;
  Shape link;
  bool break_links = false;  // each once in the first life, while it is logged
  ProducePlan produce;       // of each node in each life
};

class ClusterRun {
 public:
  explicit ClusterRun(const ClusterPlan& plan);

  [[nodiscard]] Sample once();
  // Which clocks the stored messages tell of.
  [[nodiscard]] std::string clocks_note() const;

 private:
  struct Node {
    std::optional<Daemon> daemon{};
    std::optional<Child> application{};
  };
  struct GatewayView {  // what it says of its nodes
    unsigned connected = 0;
    std::uint64_t received = 0, lost = 0, foreign = 0, garbage = 0, reconnects = 0, resumed = 0;
  };

  [[nodiscard]] std::string ecu(unsigned node) const { return "N" + std::to_string(100 + node); }
  [[nodiscard]] double clock_begin_s(unsigned node, unsigned life) const;
  void start_node_daemon(unsigned node);
  void start_gateway();
  [[nodiscard]] GatewayView gateway_view();
  void wait_connected();
  [[nodiscard]] double wait_gathered(std::uint64_t expected);
  void live(unsigned life, Sample& sample);
  void end_node_daemons(Sample& sample);
  void break_links();
  void add(const ProduceResult& produced, Sample& sample);
  void judge(const GatewayView& gateway, Sample& sample);
  void alive();

  ClusterPlan plan_;
  std::string run_;
  Scratch folder_;  // of the gateway's file of nodes
  Testbed testbed_;
  std::vector<Node> nodes_;  // the first is unused: the gateway's
  std::optional<Daemon> gateway_;
  CensusResult census_;
  double begin_s_ = 0;
};

}  // namespace dlt::bench
