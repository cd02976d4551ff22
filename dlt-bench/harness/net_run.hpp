// Applications on the nodes of a Testbed that log by TCP to collecting daemons on others, and the books of it.
//
// Each flow is a process of its own on one node; each node that a flow goes to has a daemon. What is delivered is told
// by a client beside that daemon (which sees the end-to-end times; all nodes have this machine's clock), or by its
// stored files, read back: there a message may lie twice, which is counted. One thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure.hpp"
#include "harness/testbed.hpp"

namespace dlt::bench {

struct Flow {
  unsigned from = 1, to = 0;  // nodes
};

class NetRun;

struct FlowResult {
  Flow flow;
  std::uint64_t delivered = 0;
};

struct NetSetup {
  std::string case_name;
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<Flow> flows;
  ProducePlan plan;          // of each flow
  Sink sink = Sink::client;  // or store
  bool lossless = true;      // any drop is a fault
  bool may_repeat = false;   // a message may lie twice in the files
  // Called when all of them have begun to log; when it returns they are told to stop. May put figures into the sample.
  std::function<void(NetRun&, Sample&)> meanwhile;
  // Called at the end, where clients count.
  std::function<void(const std::vector<FlowResult>&, Sample&)> judge;
};

class NetRun {
 public:
  NetRun(Testbed& testbed, const NetSetup& setup);

  [[nodiscard]] Sample once();

  // For `meanwhile`.
  [[nodiscard]] Testbed& testbed() noexcept { return testbed_; }
  [[nodiscard]] Daemon& collector(unsigned node = 0) { return collectors_.at(node).daemon; }
  // Waits, and hears how the applications stand meanwhile.
  void pass(double seconds);
  // Messages that wait in all applications, as far as heard.
  [[nodiscard]] std::uint64_t queued();

 private:
  struct Collector {
    Daemon daemon;
    std::optional<Child> client{};
    unsigned flows = 0;  // to here
    std::uint64_t expected = 0;
    Usage before{};
  };
  struct Application {
    Flow flow;
    unsigned first_producer;
    Child process;
    std::uint64_t queued = 0;
    ProduceResult result{};
  };

  void start_collectors();
  void start_client(unsigned node, Collector& collector);
  void start_applications();
  void log(Sample& sample);
  void count_at_client(unsigned node, Collector& collector, Sample& sample);
  void wait_received(Collector& collector);
  void count_in_files(Collector& collector, Sample& sample);
  void add(const ProduceResult& produced, Sample& sample) const;
  void close_books(Sample& sample) const;
  [[nodiscard]] Seconds patience() const;

  Testbed& testbed_;
  const NetSetup& setup_;
  std::string run_;
  std::map<unsigned, Collector> collectors_;
  std::vector<Application> applications_;
  std::vector<FlowResult> flow_results_;
  std::uint64_t begin_ns_ = 0;
  std::function<void()> alive_ = [this] {
    for (auto& [node, c] : collectors_) c.daemon.check_alive();
  };
};

// A row of so many repeats.
[[nodiscard]] Row measure_network(Testbed& testbed, const NetSetup& setup, unsigned repeats);
// What the network did: goodput, packets lost, reconnects.
[[nodiscard]] std::string network_note(const Sample& sample);
// Judged over all rows: 0 is what is to be reached.
[[nodiscard]] Criterion nothing_unaccounted(const std::vector<Row>& rows);

}  // namespace dlt::bench
