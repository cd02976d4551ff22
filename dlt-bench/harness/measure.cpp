#include "harness/measure.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/facts.hpp"
#include "harness/json.hpp"
#include "harness/roofline.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr double silence_limit_s = 2;  // nothing new for so long: the rest will not come
constexpr double warm_up_s = 0.2;
constexpr double roofline_s = 0.25;
constexpr Seconds ready_limit{20};

// One repeat, from the first process to the last.
class Run {
 public:
  Run(Daemon& daemon, const Setup& setup, ProducePlan plan) : daemon_(daemon), setup_(setup), plan_(std::move(plan)) {
    plan_.run = next_run_id();
    plan_.address = setup.way == Way::tcp ? daemon.tcp_address() : daemon.unix_address();
  }

  Sample once() {
    if (setup_.sink == Sink::client) start_client();
    Child producer = start_worker("produce", Json(plan_).dump());
    (void)producer.receive(ready_limit, alive_);
    const DaemonStatus before = daemon_.status();
    const Usage daemon_before = usage_of(daemon_.pid());
    if (setup_.stalled) daemon_.pause();
    producer.send("go");
    (void)producer.receive(patience(), alive_);
    if (setup_.stalled) daemon_.resume();
    producer.send("flush");
    produced_ = Json::parse(producer.receive(patience(), alive_)).get<ProduceResult>();

    Sample sample = from_producer();
    const std::uint64_t expected = produced_.books.accepted - produced_.books.dropped_total();
    if (setup_.sink == Sink::none) count_received(before, expected, sample);
    if (setup_.sink == Sink::client) count_at_client(before, expected, sample);
    if (setup_.sink == Sink::store) wait_stored(before, expected, sample);
    sample.daemon = usage_of(daemon_.pid()).since(daemon_before);
    producer.send("end");
    if (setup_.sink == Sink::store) count_in_files(sample);
    close_books(before, sample);
    if (setup_.judge && sample.faults.empty()) setup_.judge(produced_, producers_, sample);
    return sample;
  }

 private:
  [[nodiscard]] Seconds patience() const { return Seconds(plan_.duration_s + plan_.flush_s + 60); }

  void start_client() {
    ReceivePlan plan;
    plan.port = daemon_.client_port();
    plan.run = plan_.run;
    plan.producers = plan_.threads;
    plan.realistic_text = plan_.realistic_text;
    plan.payload = plan_.payload;
    plan.silence_s = silence_limit_s;
    client_.emplace(start_worker("receive", Json(plan).dump()));
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
    s.extra["writes"] = static_cast<double>(produced_.books.writes);
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
    const auto received = Json::parse(client_->receive(Seconds(60), alive_)).get<ReceiveResult>();
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
    daemon_.stop();
    StorePlan plan{daemon_.store_directory(), plan_.run, plan_.threads, plan_.realistic_text, plan_.payload};
    Child reader = start_worker("store", Json(plan).dump());
    const auto stored = Json::parse(reader.receive(Seconds(300))).get<StoreResult>();
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
    if (setup_.sink != Sink::store) {
      const std::uint64_t garbage = daemon_.status().garbage_bytes - before.garbage_bytes;
      fault(garbage != 0, "the daemon met " + std::to_string(garbage) + " bytes of garbage");
    }
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
  std::optional<Child> client_;
  ProduceResult produced_;
  std::vector<Producer> producers_;
  std::function<void()> alive_ = [this] { daemon_.check_alive(); };
};

Daemon daemon_for(const Load& load, const Setup& setup) {
  if (load.daemon.empty())
    return Daemon::start(setup.sink == Sink::store ? Store::zstd : Store::none, setup.way == Way::tcp);
  if (setup.sink == Sink::store)
    throw BenchError("what a running daemon stores cannot be read back; leave --daemon out");
  return Daemon::attach(load);
}

Row empty_row(const Setup& setup) {
  Row row;
  row.case_name = setup.case_name;
  row.config = setup.config;
  const unsigned threads = setup.plan.threads;
  row.config.emplace_back("threads", std::to_string(threads) + (threads == 1 ? " thread" : " threads"));
  row.config.emplace_back("transport", setup.way == Way::tcp ? "tcp" : "unix");
  constexpr std::array<const char*, 3> sinks{"no sink", "1 client", "zstd file"};
  row.config.emplace_back("sink", sinks[static_cast<std::size_t>(setup.sink)]);
  if (setup.plan.logger != "dlt") row.config.emplace_back("logger", "logger " + setup.plan.logger);
  if (setup.sink == Sink::none) row.notes.emplace_back("delivered: as counted by the daemon");
  if (threads > cpu_count())
    row.notes.push_back(std::to_string(threads) + " threads on " + std::to_string(cpu_count()) +
                        " CPUs: the scheduler is measured too");
  return row;
}

// The warm-up differs from the repeats in nothing but its length.
ProducePlan warm_up_plan(ProducePlan plan) {
  if (plan.duration_s > warm_up_s) plan.duration_s = warm_up_s;
  if (plan.duration_s == 0 && plan.messages > 10'000) plan.messages = 10'000;
  return plan;
}

}  // namespace

Row measure(const Load& load, const Setup& setup) {
  Row row = empty_row(setup);
  std::optional<Daemon> daemon;
  for (unsigned i = 0; i <= setup.repeats; ++i) {
    const bool warm_up = i == 0;
    progress(setup.case_name + ": " + row.label() + (warm_up ? ", warm-up" : ", repeat " + std::to_string(i)),
             (setup.repeats + 1 - i) * (setup.plan.duration_s + 0.5));
    if (!daemon || setup.sink == Sink::store) {
      daemon.reset();
      daemon.emplace(daemon_for(load, setup));
    }
    double roofline = 0;
    if (setup.roofline && !warm_up)
      roofline = run_roofline(RooflineSocket::unix_stream, roofline_s, setup.plan.payload).read.messages_per_s();
    Sample sample = Run(*daemon, setup, warm_up ? warm_up_plan(setup.plan) : setup.plan).once();
    sample.roofline_msgs_per_s = roofline;
    for (const auto& fault : sample.faults)
      row.faults.push_back((warm_up ? "warm-up: " : "repeat " + std::to_string(i) + ": ") + fault);
    if (!warm_up) row.samples.push_back(std::move(sample));
  }
  progress_done();
  return row;
}

unsigned repeats_of(const Load& load) { return load.repeat.value_or(load.brief ? 3 : 5); }

double duration_of(const Load& load, double full, double brief) {
  return load.duration_s.value_or(load.brief ? brief : full);
}

ProducePlan plan_of(const Load& load, unsigned threads) {
  ProducePlan plan;
  plan.logger = load.logger;
  plan.threads = threads;
  plan.payload = load.payload.value_or(12);
  plan.buffer_capacity = load.buffer.value_or(0);
  plan.rate = load.rate.value_or(0);
  plan.messages = load.messages.value_or(0);
  return plan;
}

ProducePlan lossless_plan(const Load& load, unsigned threads) {
  ProducePlan plan = plan_of(load, threads);
  plan.overflow_mode = 2;
  plan.timeout_ms = 60'000;
  plan.buffer_capacity = load.buffer.value_or(16'384);
  return plan;
}

std::string next_run_id() {
  static std::uint64_t next = now_ns() / 1'000'000;
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const std::uint64_t n = next++;
  std::string id = "B";
  for (std::uint64_t i = 0, rest = n; i < 3; ++i, rest /= digits.size()) id += digits[rest % digits.size()];
  return id;
}

void progress(const std::string& text, double seconds_left) {
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  if (terminal) std::fprintf(stderr, "\r\033[K%s, about %.0f s left here", text.c_str(), std::ceil(seconds_left));
}
void progress_done() {
  if (::isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r\033[K");
}

}  // namespace dlt::bench
