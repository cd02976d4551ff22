// What a network does to applications that log by TCP to a daemon elsewhere: a way that is long, that loses packets,
// that is too narrow for all. Nothing that was accepted may be missing at the other end.
#include "cases/network.hpp"

#include <algorithm>
#include <array>

#include "cases.hpp"
#include "harness/error.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

std::string ms(double value) { return human(value) + " ms"; }

NetSetup one_flow(const Load& load, const char* name, double rate) {
  NetSetup setup;
  setup.case_name = name;
  setup.flows = {Flow{1, 0}};
  setup.plan = lossless_plan(load, load.threads.value_or(1));
  setup.plan.rate = rate;
  setup.plan.timing = rate > 0 ? Timing::each : Timing::sampled;
  setup.plan.duration_s = load.messages ? 0 : duration_of(load, 1.5, 0.3);
  setup.plan.flush_s = 60;
  return setup;
}

// Flat out, which shows the throughput, then paced, which shows the way of a message that does not queue.
void measure_both(const Load& load, const char* name, const Shape& shape, const std::string& label, Numbers& numbers) {
  Testbed testbed({2, shape, {}});
  constexpr double paced = 2000;
  numbers.facts.emplace_back(std::string(name) + ": " + label,
                             "delay by " + testbed.delay_by() + ", TCP with " + testbed.congestion_control());
  for (const double rate : {load.rate.value_or(0), paced}) {
    NetSetup setup = one_flow(load, name, rate);
    setup.config = {{"network", label}, {"load", rate > 0 ? human(rate) + "/s" : "flat out, lossless"}};
    Row row = measure_network(testbed, setup, network_repeats(load));
    for (Sample& s : row.samples) s.extra["rtt_ms"] = shape.rtt_ms, s.extra["loss"] = shape.loss;
    row.notes.push_back(network_note(row.samples.back()));
    if (shape.loss >= 0.01 && row.samples.back().extra["packets_dropped_by_rule"] == 0)
      row.faults.emplace_back("no packet was dropped: this is not the network that was asked for");
    numbers.rows.push_back(std::move(row));
    if (load.rate) return;
  }
}

Numbers measure_latency(const Load& load) {
  constexpr std::array round_trips{1.0, 5.0, 10.0, 50.0, 100.0};
  Numbers numbers;
  for (const double rtt : round_trips) {
    if (load.brief && rtt != 10) continue;
    measure_both(load, "network-latency", {rtt, 0, 0, 0}, "RTT " + ms(rtt), numbers);
  }
  return numbers;
}

Numbers measure_loss(const Load& load) {
  constexpr double rtt = 10;
  constexpr std::array losses{0.0, 0.001, 0.01, 0.05};
  Numbers numbers;
  for (const double loss : losses) {
    if (load.brief && loss != 0.01) continue;
    measure_both(load, "network-loss", {rtt, 0, loss, 0}, human(loss * 100) + " % lost, RTT " + ms(rtt), numbers);
  }
  return numbers;
}

// 1: all flows got the same; 1/n: one got everything.
double fairness(const std::vector<double>& shares) {
  double sum = 0, squares = 0;
  for (const double x : shares) sum += x, squares += x * x;
  return squares > 0 ? sum * sum / (static_cast<double>(shares.size()) * squares) : 1;
}

// Each node has a daemon and logs to that of each other; half of them lie behind the narrow link.
NetSetup all_to_all(const Load& load, unsigned nodes) {
  NetSetup setup = one_flow(load, "network-congestion", load.rate.value_or(0));
  setup.flows.clear();
  for (unsigned from = 0; from < nodes; ++from)
    for (unsigned to = 0; to < nodes; ++to)
      if (from != to) setup.flows.push_back({from, to});
  setup.plan.buffer_capacity = load.buffer.value_or(2048);
  return setup;
}

// What crossed the narrow link, and how evenly its flows shared it.
void judge_crossing(const std::vector<FlowResult>& flows, unsigned nodes, double mbit_s, Sample& s) {
  std::vector<double> shares;
  double crossed = 0, all = 0;
  for (const FlowResult& f : flows) {
    const auto n = static_cast<double>(f.delivered);
    all += n;
    if ((f.flow.from < nodes / 2) == (f.flow.to < nodes / 2)) continue;
    shares.push_back(n);
    crossed += n;
  }
  const double bits = static_cast<double>(s.delivered_bytes) * 8 * (all > 0 ? crossed / all : 0);
  s.extra["link_mbit_s"] = mbit_s;
  s.extra["link_goodput_mbit_s"] = s.seconds > 0 ? bits * 1e-6 / s.seconds / 2 : 0;  // of each direction
  s.extra["fairness"] = fairness(shares);
}

Row congested(const Load& load, unsigned nodes, double mbit_s) {
  Shape trunk;
  trunk.mbit_s = mbit_s;
  Testbed testbed({nodes, {}, trunk});
  NetSetup setup = all_to_all(load, nodes);
  setup.config = {{"network", human(mbit_s) + " Mbit/s between two halves"},
                  {"nodes", std::to_string(nodes) + " nodes"},
                  {"flows", std::to_string(setup.flows.size()) + " flows, all to all"}};
  // What is paced crosses in equal shares; flat out, the flows within a half are as fast as the CPUs.
  const std::size_t cross = 2 * (nodes / 2) * (nodes - nodes / 2);
  setup.plan.rate = load.rate.value_or(2 * mbit_s * 1e6 / 8 / 69 * 2 / static_cast<double>(cross));
  setup.judge = [&](const std::vector<FlowResult>& flows, Sample& s) { judge_crossing(flows, nodes, mbit_s, s); };
  Row row = measure_network(testbed, setup, network_repeats(load));
  Sample& last = row.samples.back();
  row.notes.push_back(network_note(last) + "; each direction of the link " + human(last.extra["link_goodput_mbit_s"]) +
                      " Mbit/s of messages, fairness among its flows " + human(last.extra["fairness"]));
  return row;
}

Numbers measure_congestion(const Load& load) {
  Numbers numbers;
  for (const double mbit_s : {10.0, 50.0}) {
    if (load.brief && mbit_s > 10) continue;
    numbers.rows.push_back(congested(load, 4, mbit_s));
  }
  return numbers;
}

Numbers judged(Numbers numbers) {
  if (!numbers.rows.empty()) numbers.criteria.push_back(nothing_unaccounted(numbers.rows));
  return numbers;
}

}  // namespace

Numbers on_testbed(const Load& load, const char* name, const std::function<Numbers()>& measure) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back(name, "left out: a daemon elsewhere is not on the nodes that this case makes");
    return numbers;
  }
  try {
    return judged(measure());
  } catch (const CannotRunHere& e) {
    progress_done();
    numbers.cannot_run.push_back(std::string(name) + " cannot be run here: " + e.what());
    return numbers;
  }
}

unsigned network_repeats(const Load& load) { return load.repeat.value_or(load.brief ? 1 : 3); }

Numbers run_network_latency(const Load& load) {
  return on_testbed(load, "network-latency", [&] { return measure_latency(load); });
}
Numbers run_network_loss(const Load& load) {
  return on_testbed(load, "network-loss", [&] { return measure_loss(load); });
}
Numbers run_network_congestion(const Load& load) {
  return on_testbed(load, "network-congestion", [&] { return measure_congestion(load); });
}

}  // namespace dlt::bench
