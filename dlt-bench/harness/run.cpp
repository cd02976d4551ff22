#include "harness/run.hpp"

#include <poll.h>

#include <algorithm>
#include <map>
#include <memory>

#include "harness/clock.hpp"
#include "harness/dashboard.hpp"
#include "harness/error.hpp"
#include "harness/profiler.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr double silence_limit_s = 2;  // nothing new for so long: the rest will not come
constexpr Seconds ready_limit{20};
constexpr double live_interval_s = 0.2;

// Both ends' books on one axis. What had arrived at a moment lies between two notes of the receiving end.
std::vector<Moment> moments(const ProduceResult& produced, const std::vector<ArrivedAt>& arrived) {
  std::vector<Moment> series;
  auto next = arrived.begin();
  ArrivedAt last{produced.begin_ns, 0};
  for (const BooksAt& b : produced.series) {
    if (b.ns < produced.begin_ns) continue;
    for (; next != arrived.end() && next->ns <= b.ns; ++next) last = *next;
    double delivered = static_cast<double>(last.delivered);
    if (next != arrived.end() && next->ns > last.ns)
      delivered += static_cast<double>(next->delivered - last.delivered) * static_cast<double>(b.ns - last.ns) /
                   static_cast<double>(next->ns - last.ns);
    series.push_back({static_cast<double>(b.ns - produced.begin_ns) * 1e-9, b.accepted, b.dropped,
                      static_cast<std::uint64_t>(delivered)});
  }
  return series;
}

// One repeat, from the first process to the last.
class Run {
 public:
  Run(Daemon& daemon, const Setup& setup, ProducePlan plan, Beside& beside)
      : daemon_(daemon), setup_(setup), plan_(std::move(plan)), beside_(beside) {
    if (beside.dashboard != nullptr) plan_.live_s = live_interval_s;
    plan_.run = next_run_id();
    plan_.address = setup.way == Way::tcp ? daemon.tcp_address() : daemon.unix_address();
  }

  Sample once() {
    if (setup_.sink == Sink::client) start_client();
    Child producer = start_worker("produce", to_wire(plan_));
    listen_live(producer);
    (void)producer.receive(ready_limit, alive_);
    start_profilers(producer.pid());
    const DaemonStatus before = daemon_.status();
    const Usage daemon_before = usage_of(daemon_.pid());
    if (setup_.stalled) daemon_.pause();
    producer.send("go");
    producer_pid_ = producer.pid();
    (void)producer.receive(patience(), watch_);
    if (setup_.stalled) daemon_.resume();
    producer.send("flush");
    produced_ = from_wire<ProduceResult>(producer.receive(patience(), watch_));

    Sample sample = from_producer();
    const std::uint64_t expected = produced_.books.accepted - produced_.books.dropped_total();
    if (setup_.sink == Sink::none) count_received(before, expected, sample);
    if (setup_.sink == Sink::client) count_at_client(before, expected, sample);
    if (setup_.sink == Sink::store) wait_stored(before, expected, sample);
    sample.daemon = usage_of(daemon_.pid()).since(daemon_before);
    finish_profilers();
    producer.send("end");
    if (setup_.sink == Sink::store) count_in_files(sample);
    close_books(before, sample);
    if (setup_.judge && sample.faults.empty()) setup_.judge(produced_, producers_, sample);
    return sample;
  }

 private:
  [[nodiscard]] Seconds patience() const { return Seconds(plan_.duration_s + plan_.after_s + plan_.flush_s + 60); }

  void listen_live(Child& child) {
    if (beside_.dashboard != nullptr)
      child.on_live([view = &beside_.dashboard->view()](const std::string& line) { view->hear(line); });
  }
  void start_profilers(pid_t application) {
    if (beside_.profile.empty()) return;
    profilers_.emplace("application", std::make_unique<Profiler>(application));
    profilers_.emplace("daemon", std::make_unique<Profiler>(daemon_.pid()));
  }
  void finish_profilers() {
    for (auto& [who, profiler] : profilers_)
      beside_.notes.push_back(profiler->finish(beside_.profile, beside_.profile_name + "-" + who));
    profilers_.clear();
  }

  void start_client() {
    ReceivePlan plan;
    plan.port = daemon_.client_port();
    if (beside_.lossy_relay) {
      relay_.emplace(start_worker("relay", std::to_string(plan.port)));
      plan.port = static_cast<std::uint16_t>(std::stoul(relay_->receive(ready_limit)));
    }
    plan.run = plan_.run;
    plan.producers = plan_.producers();
    plan.realistic_text = plan_.realistic_text;
    plan.payload = plan_.payload;
    plan.silence_s = silence_limit_s;
    plan.series_s = plan_.series_s;
    plan.live_s = plan_.live_s;
    client_.emplace(start_worker("receive", to_wire(plan)));
    listen_live(*client_);
    (void)client_->receive(ready_limit, alive_);
  }

  [[nodiscard]] Sample from_producer() const {
    Sample s;
    s.offered = produced_.offered_total();
    s.accepted = produced_.books.accepted;
    for (const auto& [cause, n] : produced_.books.dropped)
      if (n != 0) s.dropped[cause] = n;
    s.call_ns = produced_.call_ns;
    s.burst_call_ns = produced_.burst_call_ns;
    s.clock_overhead_ns = produced_.clock_overhead_ns;
    s.application = produced_.usage;
    s.writes = produced_.books.writes;
    s.reserved_bytes = produced_.books.reserved_bytes;
    s.buffers = produced_.books.buffers_used;
    s.extra["wakes"] = static_cast<double>(produced_.books.wakes);
    return s;
  }

  // Asks the daemon until its figure has risen by `expected` or stands still. Returns when that was.
  template <class Figure>
  std::uint64_t wait_for(std::uint64_t expected, std::uint64_t start, Figure&& figure) {
    std::uint64_t last = 0, last_change = now_ns();
    for (;;) {
      const std::uint64_t count = figure(daemon_.status()) - start;
      const std::uint64_t now = now_ns();
      if (count >= expected) return now;
      if (count != last) last = count, last_change = now;
      if (static_cast<double>(now - last_change) * 1e-9 > silence_limit_s) return last_change;
      ::poll(nullptr, 0, 1);
    }
  }

  void count_received(const DaemonStatus& before, std::uint64_t expected, Sample& s) {
    const std::uint64_t end = wait_for(expected, before.received, [](const DaemonStatus& d) { return d.received; });
    const DaemonStatus after = daemon_.status();
    s.delivered = after.received - before.received;
    s.delivered_bytes = after.received_bytes - before.received_bytes;
    s.seconds = static_cast<double>(end - produced_.begin_ns) * 1e-9;
  }

  void count_at_client(const DaemonStatus& before, std::uint64_t expected, Sample& s) {
    client_->send(std::to_string(expected));
    const auto received = from_wire<ReceiveResult>(client_->receive(Seconds(60), watch_));
    if (received.eof) throw BenchError("the daemon closed the client's connection during the run");
    producers_ = received.producers;
    s.delivered = received.delivered;
    s.delivered_bytes = received.bytes;
    s.faults = received.faults;
    s.e2e_us = received.e2e_us;
    s.client = received.usage;
    s.seconds = static_cast<double>(std::max(received.last_ns, produced_.begin_ns) - produced_.begin_ns) * 1e-9;
    const std::uint64_t dropped = daemon_.status().client_dropped - before.client_dropped;
    if (dropped != 0) s.dropped["daemon_client_queue"] = dropped;
    s.series = moments(produced_, received.series);
    client_->send("end");
  }

  void wait_stored(const DaemonStatus& before, std::uint64_t expected, Sample& s) {
    const std::uint64_t end = wait_for(expected, before.stored + before.store_dropped,
                                       [](const DaemonStatus& d) { return d.stored + d.store_dropped; });
    s.seconds = static_cast<double>(end - produced_.begin_ns) * 1e-9;
    const std::uint64_t dropped = daemon_.status().store_dropped - before.store_dropped;
    if (dropped != 0) s.dropped["daemon_storage_queue"] = dropped;
  }

  void count_in_files(Sample& s) {
    garbage_at_end_ = daemon_.status().garbage_bytes;
    daemon_.stop();
    StorePlan plan{daemon_.store_directory(), plan_.run, plan_.producers(), plan_.realistic_text, plan_.payload};
    Child reader = start_worker("store", to_wire(plan));
    const auto stored = from_wire<StoreResult>(reader.receive(Seconds(300)));
    producers_ = stored.producers;
    s.delivered = stored.delivered;
    s.delivered_bytes = stored.bytes;
    s.faults = stored.faults;
    s.extra["files"] = stored.files;
    s.extra["stored_bytes"] = static_cast<double>(stored.file_bytes);
    s.extra["plain_bytes"] = static_cast<double>(stored.plain_bytes);
    s.extra["ratio"] =
        stored.file_bytes != 0 ? static_cast<double>(stored.plain_bytes) / static_cast<double>(stored.file_bytes) : 0;
    s.extra["compressor_ratio"] = stored.compressor_ratio;
    const double bytes_per_message =
        static_cast<double>(stored.plain_bytes) / std::max(1.0, static_cast<double>(stored.delivered));
    s.extra["compressor_msgs_per_s"] = stored.compressor_bytes_per_s / std::max(1.0, bytes_per_message);
  }

  void close_books(const DaemonStatus& before, Sample& s) {
    s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered) -
                    static_cast<std::int64_t>(s.dropped_total());
    const auto fault = [&](bool is, const std::string& text) {
      if (is) s.faults.push_back(text);
    };
    fault(s.unaccounted != 0,
          std::to_string(s.unaccounted) + " messages unaccounted for: " + std::to_string(s.accepted) + " accepted, " +
              std::to_string(s.delivered) + " delivered, " + std::to_string(s.dropped_total()) + " dropped");
    fault(s.offered != s.accepted,
          std::to_string(s.offered) + " offered, but " + std::to_string(s.accepted) + " accepted");
    fault(!produced_.books.closes, "the library's own books do not close");
    fault(!produced_.flushed, "not flushed within the limit");
    fault(setup_.lossless && s.dropped_total() != 0,
          "lossless, and yet " + std::to_string(s.dropped_total()) + " were dropped");
    fault(plan_.logger == "dlt" && produced_.refused != refusals(),
          "calls that returned false: " + std::to_string(produced_.refused) +
              ", messages counted as not taken: " + std::to_string(refusals()));
    const std::uint64_t end = setup_.sink == Sink::store ? garbage_at_end_ : daemon_.status().garbage_bytes;
    const std::uint64_t garbage = end - before.garbage_bytes;
    fault(garbage != 0, "the daemon met " + std::to_string(garbage) + " bytes of garbage");
  }
  [[nodiscard]] std::uint64_t refusals() const {
    std::uint64_t sum = 0;
    for (const char* cause : {"full", "timed_out", "too_large", "nested"})
      if (const auto at = produced_.books.dropped.find(cause); at != produced_.books.dropped.end()) sum += at->second;
    return sum;
  }

  Daemon& daemon_;
  const Setup& setup_;
  ProducePlan plan_;
  Beside& beside_;
  std::optional<Child> relay_;
  std::map<std::string, std::unique_ptr<Profiler>> profilers_;
  pid_t producer_pid_ = 0;
  std::optional<Child> client_;
  std::uint64_t garbage_at_end_ = 0;  // of a daemon that ends before the books are closed
  ProduceResult produced_;
  std::vector<Producer> producers_;
  std::function<void()> alive_ = [this] { daemon_.check_alive(); };
  std::function<void()> watch_ = [this] {
    daemon_.check_alive();
    if (setup_.watch) setup_.watch(producer_pid_, daemon_.pid());
    if (beside_.dashboard == nullptr) return;
    if (client_) client_->drain();
    beside_.dashboard->draw();
  };
};

}  // namespace

Sample run_once(Daemon& daemon, const Setup& setup, const ProducePlan& plan, Beside& beside) {
  return Run(daemon, setup, plan, beside).once();
}

}  // namespace dlt::bench
