// What goes wrong between an application that logs by TCP and its daemon, and how soon messages flow again afterwards.
//
// The application logs at a steady rate, with room for all of it while nothing flows; the daemon stores, and its files
// are read back. Nothing may be missing; where the daemon was killed, what it had stored and not acknowledged may lie
// there twice, otherwise nothing may.
#include <array>

#include "cases.hpp"
#include "cases/network.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr double lead_s = 0.3;  // less than a daemon at RTT 700 ms needs to acknowledge anything
constexpr double look_s = 0.002;
constexpr double patience_s = 60;  // after the fault is over
constexpr unsigned node = 1;

struct Trouble {
  std::string name;
  double seconds;
  bool daemon_dies;
  void (*strike)(NetRun&, double seconds);  // returns when it is over
  double rtt_ms = 1;
};

void partition(NetRun& run, double seconds) {
  run.testbed().silence(node, true, true);
  run.pass(seconds);
  run.testbed().silence(node, false, false);
}
void cable(NetRun& run, double seconds) {
  run.testbed().pull_cable(node);
  run.pass(seconds);
  run.testbed().plug_cable(node);
}
// The application hears nothing, not even that its messages arrive.
void deaf(NetRun& run, double seconds) {
  run.testbed().silence(node, false, true);
  run.pass(seconds);
  run.testbed().silence(node, false, false);
}
// The application is answered with resets; the daemon hears nothing of it.
void resets(NetRun& run, double seconds) {
  constexpr int times = 5;
  for (int i = 0; i < times; ++i) {
    run.testbed().reset(0, network_application_port);
    run.pass(seconds / times / 2);
    run.testbed().reset(0, 0);
    run.pass(seconds / times / 2);
  }
}
void both_ends_reset(NetRun& run, double seconds) {
  constexpr int times = 5;
  for (int i = 0; i < times; ++i) {
    (void)run.testbed().end_connections(0, network_application_port);
    run.pass(seconds / times);
  }
}
void killed(NetRun& run, double seconds) {
  run.collector().kill();
  run.pass(seconds);
  run.collector().start_again();
}
// The daemon dies and is replaced while nobody can hear of it: to the application its connection is still there.
void half_open(NetRun& run, double seconds) {
  run.testbed().silence(node, true, true);
  run.collector().kill();
  run.collector().start_again();
  run.pass(seconds);
  run.testbed().silence(node, false, false);
}
void slow_reader(NetRun& run, double seconds) {
  const double end = now_s() + seconds;
  while (now_s() < end) {
    run.collector().pause();
    run.pass(0.09);
    run.collector().resume();
    run.pass(0.01);
  }
}

std::uint64_t received(NetRun& run) {
  const auto status = run.collector().status_if_up();
  return status ? status->received : 0;
}

// From the end of the fault until the daemon has a new message; negative: not in time.
double seconds_to_flow(NetRun& run, std::uint64_t before) {
  const double begin = now_s();
  while (received(run) <= before) {
    if (now_s() - begin > patience_s) return -1;
    run.pass(look_s);
  }
  return now_s() - begin;
}

// Until next to nothing waits in the application; negative: not in time.
double seconds_to_catch_up(NetRun& run, double rate) {
  const double begin = now_s();
  while (static_cast<double>(run.queued()) > rate * 0.1) {
    if (now_s() - begin > patience_s) return -1;
    run.pass(look_s);
  }
  return now_s() - begin;
}

void strike(const Trouble& trouble, double rate, double tail_s, NetRun& run, Sample& s) {
  run.pass(lead_s);
  trouble.strike(run, trouble.seconds);
  const double flows = seconds_to_flow(run, trouble.daemon_dies ? 0 : received(run));
  const double caught_up = flows < 0 ? -1 : seconds_to_catch_up(run, rate);
  s.extra["outage_s"] = trouble.seconds;
  s.extra["recover_s"] = flows;
  s.extra["caught_up_s"] = caught_up < 0 ? -1 : flows + caught_up;
  if (caught_up < 0) s.faults.push_back("not as before " + human(patience_s) + " s after the fault was over");
  run.pass(tail_s);
}

NetSetup setup_for(const Load& load, const Trouble& trouble) {
  NetSetup setup;
  setup.case_name = "network-faults";
  setup.config = {{"fault", trouble.name}, {"lasts", human(trouble.seconds) + " s"}};
  setup.flows = {Flow{node, 0}};
  setup.plan = lossless_plan(load, load.threads.value_or(1));
  setup.plan.messages = 0;
  setup.plan.rate = load.rate.value_or(2000);
  setup.plan.timing = Timing::each;
  setup.plan.buffer_capacity = load.buffer.value_or(131'072);
  setup.plan.duration_s = trouble.seconds + 3 * patience_s;  // it is told when to stop
  setup.plan.flush_s = 2 * patience_s;
  setup.sink = Sink::store;
  setup.may_repeat = trouble.daemon_dies;
  const double rate = setup.plan.rate, tail_s = load.brief ? 0.1 : 0.3;
  setup.meanwhile = [trouble, rate, tail_s](NetRun& run, Sample& s) { strike(trouble, rate, tail_s, run, s); };
  return setup;
}

std::string recovery_note(const Row& row) {
  const Spread s = spread(row, [](const Sample& x) { return x.extra.at("recover_s"); });
  const Spread c = spread(row, [](const Sample& x) { return x.extra.at("caught_up_s"); });
  if (c.min < 0) return "not as before in time";
  return "flows again after " + human(s.median) + " s (" + human(s.min) + " - " + human(s.max) +
         "), nothing waits after " + human(c.median) + " s";
}

std::vector<Trouble> troubles(const Load& load) {
  const double shortest = load.duration_s.value_or(load.brief ? 0.2 : 1);
  std::vector<Trouble> all{{"partition, silent", shortest, false, partition},
                           {"cable pulled", shortest, false, cable},
                           {"half-open: answers lost", shortest, false, deaf},
                           {"half-open: daemon replaced in silence", shortest, true, half_open},
                           {"reset: to the application", shortest, false, resets},
                           {"reset: both ends", shortest, false, both_ends_reset},
                           {"daemon killed, restarted", shortest, true, killed},
                           {"daemon killed, restarted, RTT 700 ms", shortest, true, killed, 700},
                           {"slow reader", shortest, false, slow_reader}};
  if (load.brief) std::erase_if(all, [](const Trouble& t) { return t.rtt_ms > 1; });  // it takes its time
  if (load.brief || load.duration_s) return all;
  for (const double seconds : {5.0, 30.0})
    all.push_back({"partition, silent", std::max(shortest, seconds * load.time_scale), false, partition});
  return all;
}

Numbers measure_faults(const Load& load) {
  Numbers numbers;
  for (const Trouble& trouble : troubles(load)) {
    Testbed testbed({2, {trouble.rtt_ms, 0, 0, 0}, {}});
    const unsigned repeats = trouble.seconds > 1 ? 1 : load.repeat.value_or(1);
    Row row = measure_network(testbed, setup_for(load, trouble), repeats);
    row.notes.push_back(recovery_note(row));
    row.notes.push_back(network_note(row.samples.back()));
    numbers.rows.push_back(std::move(row));
  }
  return numbers;
}

}  // namespace

Numbers run_network_faults(const Load& load) {
  return on_testbed(load, "network-faults", [&] { return measure_faults(load); });
}

}  // namespace dlt::bench
