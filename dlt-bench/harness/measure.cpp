#include "harness/measure.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "harness/clock.hpp"
#include "harness/dashboard.hpp"
#include "harness/error.hpp"
#include "harness/facts.hpp"
#include "harness/producer.hpp"
#include "harness/report.hpp"
#include "harness/roofline.hpp"
#include "harness/run.hpp"

namespace dlt::bench {
namespace {

constexpr double warm_up_s = 0.2;
constexpr double roofline_s = 0.25;

Daemon daemon_for(const Load& load, const Setup& setup) {
  if (load.daemon.empty())
    return Daemon::start(setup.sink == Sink::store ? Store::zstd : Store::none, setup.way == Way::tcp);
  if (setup.sink == Sink::store)
    throw BenchError("what a running daemon stores cannot be read back; leave --daemon out");
  return Daemon::attach(load);
}

bool busy_between_messages(const ProducePlan& plan) {
  if (plan.timing == Timing::bursts) return !plan.sleep_in_pause;
  return plan.rate > 0 &&
         1e9 * plan.threads * static_cast<double>(plan.clump) / plan.rate < ProducerLoop::shortest_sleep_ns;
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
  if (busy_between_messages(setup.plan))
    row.notes.emplace_back("the threads stay busy between their messages: that is in the application's CPU");
  if (threads > cpu_count())
    row.notes.push_back(std::to_string(threads) + " threads on " + std::to_string(cpu_count()) +
                        " CPUs: the scheduler is measured too");
  return row;
}

// The warm-up differs from the repeats in nothing but its length.
ProducePlan warm_up_plan(ProducePlan plan) {
  plan.duration_s = std::min(plan.duration_s, warm_up_s);
  plan.after_s = std::min(plan.after_s, warm_up_s);
  if (plan.duration_s == 0 && plan.messages > 10'000) plan.messages = 10'000;
  return plan;
}

// What the row is about, and so what decides whether it is noisy.
Spread main_figure(const Row& row, const Setup& setup) {
  const bool arrivals = setup.sink == Sink::client && setup.plan.timing == Timing::each;
  switch (setup.plan.timing) {
    case Timing::bursts: return spread(row, [](const Sample& s) { return s.burst_call_ns.p50; });
    case Timing::growing: return {};  // its figure is in steps of a quarter
    case Timing::sampled:
    case Timing::each: break;
  }
  if (setup.plan.rate <= 0) return spread(row, &Sample::msgs_per_s);
  return spread(row, [&](const Sample& s) { return arrivals ? s.e2e_us.p50 : s.call_ns.p50; });
}

// A file's name of a row's.
std::string profile_name(const Row& row) {
  std::string name = row.case_name + "-" + row.label();
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '_';
  return name;
}

// Fills row.samples and adds to its faults.
void measure_once(const Load& load, const Setup& setup, Row& row, const std::string& round) {
  row.samples.clear();
  std::optional<Daemon> daemon;
  std::optional<Dashboard> shown;
  if (load.live) shown.emplace(setup.case_name);
  Dashboard* const dashboard = shown ? &*shown : nullptr;
  for (unsigned i = setup.warm_up ? 0 : 1; i <= setup.repeats; ++i) {
    const bool warm_up = i == 0;
    const std::string which = round + (warm_up ? "warm-up" : "repeat " + std::to_string(i));
    if (dashboard != nullptr) dashboard->view().begin(setup.case_name + ": " + row.label() + ", " + which);
    else
      progress(setup.case_name + ": " + row.label() + ", " + which,
               (setup.repeats + 1 - i) * (setup.plan.duration_s + setup.plan.after_s + 0.5));
    if (!daemon || setup.sink == Sink::store) {
      daemon.reset();
      daemon.emplace(daemon_for(load, setup));
    }
    double roofline = 0;
    if (setup.roofline && !warm_up)
      roofline = run_roofline(RooflineSocket::unix_stream, roofline_s, setup.plan.payload).read.messages_per_s();
    Beside beside{load.lossy_relay, dashboard, i == 1 ? load.profile : "", profile_name(row)};
    Sample sample = run_once(*daemon, setup, warm_up ? warm_up_plan(setup.plan) : setup.plan, beside);
    row.notes.insert(row.notes.end(), beside.notes.begin(), beside.notes.end());
    sample.roofline_msgs_per_s = roofline;
    for (const auto& fault : sample.faults) row.faults.push_back(which + ": " + fault);
    if (!warm_up) row.samples.push_back(std::move(sample));
  }
}

std::string percent(double share) { return human(share * 100) + " %"; }

// A noisy result gets one more chance; the quieter of the two stands. Faults of both count.
void again(const Load& load, const Setup& setup, double first, Row& row) {
  std::string note = "noisy: the repeats differ by " + percent(first) + " (load " + load_average() + ")";
  double left = first;
  if (now_s() < load.again_until_s) {
    std::vector<Sample> samples = std::move(row.samples);
    measure_once(load, setup, row, "again, ");
    const double second = noise(main_figure(row, setup));
    left = std::min(first, second);
    note += "; measured once more: " + percent(second);
    if (first <= second) row.samples = std::move(samples);
  }
  row.noisy = left > noise_limit;
  row.notes.push_back(note);
}

}  // namespace

Row measure(const Load& load, const Setup& setup) {
  Row row = empty_row(setup);
  measure_once(load, setup, row, "");
  const double first = noise(main_figure(row, setup));
  if (first > noise_limit && row.samples.size() > 1) again(load, setup, first, row);
  progress_done();
  return row;
}

unsigned repeats_of(const Load& load) { return load.repeat.value_or(load.brief ? 3 : 5); }

double duration_of(const Load& load, double full, double brief) {
  return load.duration_s.value_or(load.brief ? brief : std::max(brief, full * load.time_scale));
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
