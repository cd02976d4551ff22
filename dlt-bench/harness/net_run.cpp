#include "harness/net_run.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <sstream>

#include "harness/census.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/interrupt.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds ready_limit{30};
constexpr double silence_limit_s = 4;
constexpr double live_interval_s = 0.02;

template <class Figure>
void raise(Figure& figure, Figure other) {
  figure = std::max(figure, other);
}

// Of several ends the worst is shown.
void raise(Percentiles& p, const Percentiles& other) {
  p.count += other.count;
  raise(p.p50, other.p50), raise(p.p90, other.p90), raise(p.p99, other.p99);
  raise(p.p999, other.p999), raise(p.max, other.max);
}

void add_usage(Usage& u, const Usage& other) {
  u.cpu_s += other.cpu_s;
  u.rss_bytes += other.rss_bytes, u.peak_rss_bytes += other.peak_rss_bytes;
  u.voluntary += other.voluntary, u.involuntary += other.involuntary;
}

}  // namespace

NetRun::NetRun(Testbed& testbed, const NetSetup& setup) : testbed_(testbed), setup_(setup), run_(next_run_id()) {}

Seconds NetRun::patience() const { return Seconds(setup_.plan.duration_s + setup_.plan.flush_s + 60); }

void NetRun::pass(double seconds) {
  constexpr int look_ms = 2;
  const double end = now_s() + seconds;
  do {
    ::poll(nullptr, 0, std::clamp(static_cast<int>((end - now_s()) * 1e3), 0, look_ms));
    for (auto& a : applications_) a.process.drain();
    if (interrupted()) throw BenchError("interrupted");
  } while (now_s() < end);
}

std::uint64_t NetRun::queued() {
  std::uint64_t sum = 0;
  for (auto& a : applications_) sum += a.queued;
  return sum;
}

void NetRun::start_collectors() {
  for (const Flow& flow : setup_.flows) {
    auto at = collectors_.find(flow.to);
    if (at == collectors_.end()) {
      DaemonPlan plan{setup_.sink == Sink::store ? Store::plain : Store::none, true, testbed_.network(flow.to).fd()};
      plan.more = "ECUId = N" + std::to_string(100 + flow.to) + "\n";
      at = collectors_.emplace(flow.to, Collector{Daemon::start(plan)}).first;
    }
    ++at->second.flows;
  }
  if (setup_.sink == Sink::client)
    for (auto& [node, collector] : collectors_) start_client(node, collector);
}

void NetRun::start_client(unsigned node, Collector& collector) {
  ReceivePlan plan;
  plan.port = collector.daemon.client_port();
  plan.run = run_;
  plan.producers = collector.flows * setup_.plan.threads;
  plan.payload = setup_.plan.payload;
  plan.silence_s = silence_limit_s;
  collector.client.emplace(start_worker_in(testbed_.network(node).fd(), "", "receive", to_wire(plan)));
  (void)collector.client->receive(ready_limit, alive_);
}

void NetRun::start_applications() {
  std::map<unsigned, unsigned> producers;      // of each collector, so far
  applications_.reserve(setup_.flows.size());  // what hears them holds on to them
  for (const Flow& flow : setup_.flows) {
    ProducePlan plan = setup_.plan;
    plan.run = run_;
    plan.address = "tcp:" + node_address(flow.to) + ":" + std::to_string(network_application_port);
    plan.first_producer = producers[flow.to];
    if (setup_.meanwhile) plan.live_s = live_interval_s;
    producers[flow.to] += plan.threads;
    Child process = start_worker_in(testbed_.network(flow.from).fd(), "", "produce", to_wire(plan));
    applications_.push_back({flow, plan.first_producer, std::move(process)});
    Application& a = applications_.back();
    a.process.on_live([&a](const std::string& line) {  // see LiveView
      std::istringstream in(line);
      std::string who;
      std::uint64_t ns = 0, accepted = 0, dropped = 0;
      in >> who >> ns >> accepted >> dropped >> a.queued;
    });
  }
  for (auto& a : applications_) (void)a.process.receive(ready_limit, alive_);
}

void NetRun::log(Sample& sample) {
  for (auto& [node, c] : collectors_) c.before = usage_of(c.daemon.pid());
  begin_ns_ = now_ns();
  for (auto& a : applications_) a.process.send("go");
  if (setup_.meanwhile) {
    setup_.meanwhile(*this, sample);
    for (auto& a : applications_) a.process.signal(SIGUSR1);  // see told_to_stop
  }
  for (auto& a : applications_) (void)a.process.receive(patience(), alive_);
  for (auto& a : applications_) a.process.send("flush");
  for (auto& a : applications_) {
    a.result = from_wire<ProduceResult>(a.process.receive(patience(), alive_));
    const LoggerBooks& books = a.result.books;
    collectors_.at(a.flow.to).expected += books.accepted - books.dropped_total();
    add(a.result, sample);
  }
}

void NetRun::add(const ProduceResult& produced, Sample& s) const {
  s.offered += produced.offered_total();
  s.accepted += produced.books.accepted;
  for (const auto& [cause, n] : produced.books.dropped)
    if (n != 0) s.dropped[cause] += n;
  raise(s.call_ns, produced.call_ns);
  raise(s.clock_overhead_ns, produced.clock_overhead_ns);
  add_usage(s.application, produced.usage);
  s.writes += produced.books.writes;
  s.reserved_bytes += produced.books.reserved_bytes;
  s.buffers += produced.books.buffers_used;
  s.extra["reconnects"] += static_cast<double>(produced.books.connects) - 1;
  if (setup_.sink == Sink::store) raise(s.seconds, static_cast<double>(produced.flushed_ns - produced.begin_ns) * 1e-9);
  if (!produced.flushed) s.faults.emplace_back("not flushed within " + human(setup_.plan.flush_s) + " s");
  if (!produced.books.closes) s.faults.emplace_back("the library's own books do not close");
}

void NetRun::count_at_client(unsigned node, Collector& c, Sample& s) {
  c.client->send(std::to_string(c.expected));
  const auto received = from_wire<ReceiveResult>(c.client->receive(Seconds(60), alive_));
  if (received.eof) throw BenchError("the daemon closed the client's connection during the run");
  s.delivered += received.delivered;
  s.delivered_bytes += received.bytes;
  s.faults.insert(s.faults.end(), received.faults.begin(), received.faults.end());
  raise(s.e2e_us, received.e2e_us);
  add_usage(s.client, received.usage);
  raise(s.seconds, static_cast<double>(std::max(received.last_ns, begin_ns_) - begin_ns_) * 1e-9);
  const DaemonStatus status = c.daemon.status();
  if (status.client_dropped != 0) s.dropped["daemon_client_queue"] += status.client_dropped;
  if (status.garbage_bytes != 0)
    s.faults.push_back("the daemon met " + std::to_string(status.garbage_bytes) + " bytes of garbage");
  c.client->send("end");
  for (const auto& a : applications_) {
    if (a.flow.to != node) continue;
    FlowResult result{a.flow, 0};
    for (unsigned i = 0; i < setup_.plan.threads; ++i)
      result.delivered += received.producers.at(a.first_producer + i).delivered;
    flow_results_.push_back(result);
  }
}

// What a library has handed over may be under way still; an application that ends waits for it for a moment only. A
// daemon that was started anew counts anew: then silence tells.
void NetRun::wait_received(Collector& c) {
  std::uint64_t last = 0;
  for (double changed = now_s(); now_s() - changed < silence_limit_s;) {
    const std::uint64_t n = c.daemon.status().received;
    if (n >= c.expected) return;
    if (n != last) last = n, changed = now_s();
    pass(0.005);
  }
}

void NetRun::count_in_files(Collector& c, Sample& s) {
  const std::uint64_t dropped = c.daemon.status().store_dropped;
  if (dropped != 0) s.dropped["daemon_store"] += dropped;
  c.daemon.stop();
  CensusPlan plan{c.daemon.store_directory(), run_, {}, setup_.plan.payload};
  plan.ecus.resize(c.flows * setup_.plan.threads);
  const CensusResult census = read_census(plan);
  s.delivered += census.delivered();
  s.delivered_bytes += census.bytes;
  s.extra["twice"] += static_cast<double>(census.again());
  s.faults.insert(s.faults.end(), census.faults.begin(), census.faults.end());
  if (census.again() != 0 && !setup_.may_repeat)
    s.faults.push_back(std::to_string(census.again()) + " messages are stored twice");
}

void NetRun::close_books(Sample& s) const {
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered) -
                  static_cast<std::int64_t>(s.dropped_total());
  if (s.unaccounted != 0)
    s.faults.push_back(std::to_string(s.unaccounted) + " messages unaccounted for: " + std::to_string(s.accepted) +
                       " accepted, " + std::to_string(s.delivered) + " delivered, " +
                       std::to_string(s.dropped_total()) + " dropped");
  if (s.offered != s.accepted)
    s.faults.push_back(std::to_string(s.offered) + " offered, but " + std::to_string(s.accepted) + " accepted");
  if (setup_.lossless && s.dropped_total() != 0)
    s.faults.push_back("lossless, and yet " + std::to_string(s.dropped_total()) + " were dropped");
}

Sample NetRun::once() {
  Sample s;
  start_collectors();
  start_applications();
  log(s);
  for (auto& [node, c] : collectors_) {
    if (setup_.sink == Sink::client) count_at_client(node, c, s);
    else wait_received(c);
    add_usage(s.daemon, usage_of(c.daemon.pid()).since(c.before));
  }
  for (auto& a : applications_) {
    a.process.send("end");
    (void)a.process.stop(0, Seconds(10));
  }
  if (setup_.sink == Sink::store)
    for (auto& [node, c] : collectors_) count_in_files(c, s);
  close_books(s);
  s.extra["packets_dropped_by_rule"] = static_cast<double>(testbed_.dropped_by_rule());
  s.extra["packets_dropped_by_delay"] = static_cast<double>(testbed_.dropped_by_delay());
  s.extra["goodput_mbit_s"] = s.mb_per_s() * 8;
  if (setup_.judge) setup_.judge(flow_results_, s);
  return s;
}

Row measure_network(Testbed& testbed, const NetSetup& setup, unsigned repeats) {
  Row row;
  row.case_name = setup.case_name;
  row.config = setup.config;
  for (unsigned i = 1; i <= repeats; ++i) {
    progress(setup.case_name + ": " + row.label() + ", repeat " + std::to_string(i),
             (repeats + 1 - i) * (setup.plan.duration_s + 1));
    Sample sample = NetRun(testbed, setup).once();
    for (const auto& fault : sample.faults) row.faults.push_back("repeat " + std::to_string(i) + ": " + fault);
    row.samples.push_back(std::move(sample));
  }
  progress_done();
  return row;
}

std::string network_note(const Sample& s) {
  const auto extra = [&](const char* key) {
    const auto at = s.extra.find(key);
    return at == s.extra.end() ? 0.0 : at->second;
  };
  std::string note = "goodput " + human(extra("goodput_mbit_s")) + " Mbit/s";
  const auto count = [&](const char* key, const char* what) {
    const auto n = static_cast<std::uint64_t>(extra(key));
    if (n != 0) note += ", " + std::to_string(n) + what;
  };
  count("packets_dropped_by_rule", " packets dropped on purpose");
  count("packets_dropped_by_delay", " by the delay line");
  count("reconnects", " reconnects");
  count("resumed", " links that went on");
  count("twice", " messages stored twice");
  return note;
}

Criterion nothing_unaccounted(const std::vector<Row>& rows) {
  std::vector<double> lost;
  for (const Row& row : rows)
    for (const Sample& s : row.samples)
      lost.push_back(static_cast<double>(s.unaccounted < 0 ? -s.unaccounted : s.unaccounted));
  Spread worst = spread(std::move(lost));
  worst.median = worst.max;  // not one run may lose any
  Criterion c;
  if (!rows.empty()) c.what = rows.front().case_name + ": messages unaccounted for, the worst run";
  c.unit = "messages";
  c.measured = worst;
  return c;
}

}  // namespace dlt::bench
