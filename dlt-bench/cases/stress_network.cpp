// 16 and 32 producing processes that come by TCP, 100,000 messages each, into one daemon's file: all must be there.
#include "cases.hpp"
#include "harness/facts.hpp"
#include "harness/measure.hpp"
#include "harness/produce_crew.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t full_messages = 100'000, brief_messages = 10'000;

Row network_row(const Load& load, unsigned processes) {
  Producers p;
  p.processes = processes;
  p.plan = lossless_plan(load, load.threads.value_or(1));
  p.plan.messages = load.messages.value_or(load.brief ? brief_messages : full_messages);
  p.tcp = true;
  Row row;
  row.case_name = "stress-network";
  row.config = {{"processes", std::to_string(processes) + " processes"},
                {"messages", human(double(p.plan.messages) * p.plan.threads) + " messages each"},
                {"transport", "tcp"},
                {"sink", "zstd file"}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  if (processes > cpu_count())
    row.notes.push_back(std::to_string(processes) + " processes on " + std::to_string(cpu_count()) +
                        " CPUs: the scheduler is measured too");
  const unsigned repeats = load.repeat.value_or(load.brief ? 1 : 3);
  for (unsigned i = 1; i <= repeats; ++i) {
    progress("stress-network: " + row.label() + ", repeat " + std::to_string(i), (repeats + 1 - i) * 4.0);
    Crew crew({Store::zstd, true, ""});
    const Sample& s = row.samples.emplace_back(produce_together(crew, p));
    for (const auto& fault : s.faults) row.faults.push_back("repeat " + std::to_string(i) + ": " + fault);
    if (s.dropped_total() != 0) row.faults.push_back("lossless, and yet messages were dropped");
  }
  progress_done();
  return row;
}

}  // namespace

Numbers run_stress_network(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("stress-network", "left out: what a running daemon stores cannot be read back");
    return numbers;
  }
  for (const unsigned processes : {16U, 32U}) {
    if (load.brief && processes > 16) break;
    numbers.rows.push_back(network_row(load, processes));
  }
  const Row& last = numbers.rows.back();
  numbers.criteria.push_back({"stress-network, delivered to a file",
                              "msg/s",
                              spread(last, &Sample::msgs_per_s),
                              100'000,
                              {},
                              false,
                              0,
                              last.label()});
  return numbers;
}

}  // namespace dlt::bench
