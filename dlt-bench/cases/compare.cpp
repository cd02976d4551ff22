// The same message through others, in turns with ours, so that all meet the same state of the machine: the incumbent
// (its library loaded at run time, its daemon, one client of ours that parses), spdlog and syslog. The incumbent has no
// mode without loss, so the highest rate at which nothing is lost is searched.
#include <algorithm>

#include "cases.hpp"
#include "cases/compare_loggers.hpp"
#include "harness/covesa_daemon.hpp"
#include "harness/dev_log.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds answer_limit{60};

Sample run_covesa(CovesaDaemon& daemon, const ProducePlan& asked) {
  ProducePlan plan = asked;
  plan.logger = "covesa";
  plan.run = next_run_id();
  plan.wait_connected = false;
  const auto alive = [&] { daemon.check_alive(); };
  ReceivePlan receive;
  receive.port = daemon.port();
  receive.run = plan.run;
  receive.producers = plan.threads;
  receive.payload = plan.payload;
  receive.silence_s = 1;
  Child client = start_worker("receive", to_wire(receive));
  (void)client.receive(answer_limit, alive);
  Child producer = start_worker("produce", to_wire(plan), {{"DLT_PIPE_DIR", daemon.directory()}});
  (void)producer.receive(answer_limit, alive);
  const Usage before = usage_of(daemon.pid());
  producer.send("go");
  (void)producer.receive(answer_limit, alive);
  producer.send("flush");
  const auto produced = from_wire<ProduceResult>(producer.receive(answer_limit, alive));
  client.send(std::to_string(produced.offered_total()));
  const auto received = from_wire<ReceiveResult>(client.receive(answer_limit, alive));
  Sample s;
  s.offered = s.accepted = produced.offered_total();
  s.delivered = received.delivered;
  s.delivered_bytes = received.bytes;
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered);
  s.faults = received.faults;
  s.call_ns = produced.call_ns;
  s.clock_overhead_ns = produced.clock_overhead_ns;
  s.e2e_us = received.e2e_us;
  s.application = produced.usage;
  s.daemon = usage_of(daemon.pid()).since(before);
  s.client = received.usage;
  s.seconds = static_cast<double>(std::max(received.last_ns, produced.begin_ns) - produced.begin_ns) * 1e-9;
  s.extra["rate_asked"] = plan.rate;
  client.send("end");
  producer.send("end");
  (void)producer.stop(0, Seconds(5));
  return s;
}

bool sustained(const Sample& s, const ProducePlan& plan) {
  constexpr double called = 0.95;  // share of the rate that the calls themselves reached …
  constexpr double arrived = 0.8;  // … and at which the messages came out: a backlog that only grows is no rate
  return s.unaccounted == 0 && s.faults.empty() &&
         static_cast<double>(s.offered) >= called * plan.rate * plan.duration_s &&
         s.msgs_per_s() >= arrived * plan.rate;
}

// Climbs until something is lost, then halves the gap three times. Returns the best run.
Sample search_covesa(const std::string& program, ProducePlan plan, double from) {
  Sample best;
  double good = 0, bad = 0, rate = from;
  const auto attempt = [&] {
    progress("compare: incumbent at " + human(rate) + "/s", 0);
    plan.rate = rate;
    for (int chance = 0; chance < 2; ++chance) {  // a disturbed machine shall not count against it
      CovesaDaemon daemon(program);  // a fresh one: what it still holds of a lost run must not cost the next one
      Sample s = run_covesa(daemon, plan);
      if (sustained(s, plan)) return good = rate, best = std::move(s), true;
    }
    return bad = rate, false;
  };
  for (; bad == 0 && rate < 4e6; rate *= 1.3)
    if (!attempt() && good == 0) bad = 0, rate /= 1.3 * 1.6;  // began too high
  for (int i = 0; i < 3; ++i) {
    rate = (good + bad) / 2;
    (void)attempt();
  }
  return best;
}

Sample flat_out_covesa(const std::string& program, ProducePlan plan) {
  CovesaDaemon daemon(program);
  plan.rate = 0;
  plan.timing = Timing::each;
  return run_covesa(daemon, plan);
}

Setup our_setup(const Load& load) {
  Setup setup;
  setup.case_name = "compare";
  setup.config = {{"library", "ours"}, {"load", "flat out, lossless"}};
  setup.plan = lossless_plan(load, load.threads.value_or(1));
  setup.plan.duration_s = duration_of(load, 1.0, 0.3);
  setup.lossless = true;
  setup.repeats = 1;
  return setup;
}

// Each peer's runs, in turns with ours.
class Peers {
 public:
  Peers(const Load& load, std::optional<std::string> covesa) : covesa_(std::move(covesa)) {
    plan_ = plan_of(load, load.threads.value_or(1));
    plan_.duration_s = duration_of(load, 1.0, 0.5);
    if (load.messages) plan_.duration_s = 0;
    plan_.timing = Timing::each;
    syslog_.notes.emplace_back("as called: what became of the messages is known to nobody");
    syslog_reader_.notes.emplace_back("a datagram each; a syslog daemon would format and write them as well");
    flat_.notes.emplace_back("its losses are not counted by it and so stand under unaccounted");
  }

  // One run of each, against one of ours.
  void take_turns(double ours) {
    if (covesa_) {
      searched_.samples.push_back(search_covesa(*covesa_, plan_, from_));
      flat_.samples.push_back(flat_out_covesa(*covesa_, plan_));
      covesa_ratios_.push_back(ours / searched_.samples.back().msgs_per_s());
      from_ = std::max(30e3, searched_.samples.back().extra["rate_asked"] * 0.75);
    }
    progress("compare: spdlog", 0);
    ProducePlan flat_out = plan_;
    flat_out.rate = 0;
    spdlog_.samples.push_back(run_spdlog(flat_out));
    const auto& faults = spdlog_.samples.back().faults;
    spdlog_.faults.insert(spdlog_.faults.end(), faults.begin(), faults.end());
    spdlog_ratios_.push_back(ours / spdlog_.samples.back().msgs_per_s());
    progress("compare: syslog", 0);
    if (may_read_syslog_) {
      syslog_reader_.samples.push_back(run_syslog_to_reader(flat_out));
      const auto& lost = syslog_reader_.samples.back().faults;
      syslog_reader_.faults.insert(syslog_reader_.faults.end(), lost.begin(), lost.end());
      syslog_reader_ratios_.push_back(ours / syslog_reader_.samples.back().msgs_per_s());
    }
    if (syslog_daemon_) {
      syslog_.samples.push_back(run_syslog(flat_out));
      syslog_ratios_.push_back(ours / syslog_.samples.back().msgs_per_s());
    }
  }

  void tell(Numbers& numbers) {
    if (covesa_) {
      numbers.rows.push_back(searched_);
      numbers.rows.push_back(flat_);
      numbers.criteria.push_back({"against COVESA libdlt + daemon + one client: highest rate without loss", "x",
                                  spread(covesa_ratios_), 50, 100, false, 0, ""});
    } else {
      numbers.facts.emplace_back("compare", "the incumbent's daemon is not installed (dlt-daemon, libdlt2)");
    }
    numbers.rows.push_back(spdlog_);
    numbers.facts.emplace_back("against spdlog's async logger, lossless, x", range(spdlog_ratios_));
    tell_syslog(numbers);
  }

 private:
  void tell_syslog(Numbers& numbers) {
    if (may_read_syslog_) {
      numbers.rows.push_back(syslog_reader_);
      numbers.facts.emplace_back("against syslog(3) to a reader that only counts, x", range(syslog_reader_ratios_));
    } else {
      numbers.facts.emplace_back("syslog(3) to a reader of ours",
                                 "left out: neither root nor user namespaces, and so no /dev/log of our own");
    }
    if (syslog_daemon_) {
      numbers.rows.push_back(syslog_);
      numbers.facts.emplace_back("against the syslog daemon of this machine, calls, x", range(syslog_ratios_));
    } else {
      numbers.facts.emplace_back("syslog daemon of this machine", "left out: nobody listens at /dev/log");
    }
  }
  static Row row(const char* library, const char* what, const char* sink) {
    Row row;
    row.case_name = "compare";
    row.peer = true;
    row.config = {{"library", library}, {"load", what}, {"sink", sink}};
    return row;
  }
  static std::string range(const std::vector<double>& ratios) {
    const Spread s = spread(ratios);
    return human(s.median) + " (" + human(s.min) + " - " + human(s.max) + ")";
  }

  std::optional<std::string> covesa_;
  ProducePlan plan_;
  double from_ = 60e3;
  Row searched_ = row("COVESA libdlt + daemon", "highest rate without loss", "1 client");
  Row flat_ = row("COVESA libdlt + daemon", "flat out", "1 client");
  Row spdlog_ = row("spdlog async", "flat out, lossless", "text file, same process");
  const bool may_read_syslog_ = DevLog::allowed();
  Row syslog_reader_ = row("syslog(3)", "flat out", "a reader that only counts");
  const bool syslog_daemon_ = listens_at("/dev/log");
  Row syslog_ = row("syslog(3)", "flat out", "the daemon at /dev/log");
  std::vector<double> covesa_ratios_, spdlog_ratios_, syslog_reader_ratios_, syslog_ratios_;
};

}  // namespace

Numbers run_compare(const Load& load) {
  Peers peers(load, CovesaDaemon::find());
  Row ours;
  for (unsigned i = 0; i < load.repeat.value_or(3); ++i) {
    Row once = measure(load, our_setup(load));
    peers.take_turns(once.samples.front().msgs_per_s());
    if (i != 0) {
      once.samples.insert(once.samples.begin(), ours.samples.begin(), ours.samples.end());
      once.faults.insert(once.faults.begin(), ours.faults.begin(), ours.faults.end());
    }
    ours = std::move(once);
  }
  progress_done();
  Numbers numbers;
  numbers.rows.push_back(std::move(ours));
  peers.tell(numbers);
  return numbers;
}

}  // namespace dlt::bench
