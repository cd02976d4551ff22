// A long run at half the rate that is kept up with. Nothing may be lost, and neither memory nor file descriptors nor
// threads of application and daemon may grow.
#include <algorithm>
#include <filesystem>

#include "cases.hpp"
#include "cases/keep_up.hpp"
#include "harness/clock.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint32_t capacity = 32'768;  // messages
// Buffers that are filled further than ever before are no leak, however late that comes.
constexpr double buffers_mb = capacity * 75e-6, pages_mb = 1;

// What a process holds, looked at every so often.
struct Held {
  std::vector<double> t_s, rss, fds, threads;

  void look(pid_t pid, double t) {
    const auto entries = [&](const char* folder) {
      std::error_code gone;
      const std::filesystem::directory_iterator it("/proc/" + std::to_string(pid) + folder, gone);
      return gone ? 0.0 : static_cast<double>(std::distance(begin(it), end(it)));
    };
    t_s.push_back(t);
    rss.push_back(static_cast<double>(usage_of(pid).rss_bytes));
    fds.push_back(entries("/fd"));
    threads.push_back(entries("/task"));
  }
};

// By how much `values` grow in a second: least squares over all but the first fifth, in which buffers fill for the
// first time.
double slope(const std::vector<double>& t, const std::vector<double>& values) {
  const std::size_t from = t.size() / 5;
  const double n = static_cast<double>(t.size() - from);
  double st = 0, sv = 0, stt = 0, stv = 0;
  for (std::size_t i = from; i < t.size(); ++i)
    st += t[i], sv += values[i], stt += t[i] * t[i], stv += t[i] * values[i];
  const double spread_of_t = n * stt - st * st;
  return spread_of_t > 0 ? (n * stv - st * sv) / spread_of_t : 0;
}

// Pages that come and go are no leak: what counts is what a whole run would gain.
void judge(const std::string& whose, const Held& held, double allowed_mb, double seconds, Numbers& numbers) {
  const auto exactly = [](double v) { return Spread{v, v, v}; };
  const auto gain = [&](const std::vector<double>& v) { return std::max(0.0, slope(held.t_s, v)) * seconds; };
  numbers.criteria.push_back({"soak, " + whose + ": resident memory gained in " + human(seconds) + " s",
                              "MB",
                              exactly(gain(held.rss) * 1e-6),
                              allowed_mb,
                              {},
                              true,
                              0,
                              human(slope(held.t_s, held.rss)) + " B/s"});
  numbers.criteria.push_back(
      {"soak, " + whose + ": file descriptors gained", "", exactly(gain(held.fds)), 0.5, {}, true, 0, ""});
  numbers.criteria.push_back(
      {"soak, " + whose + ": threads gained", "", exactly(gain(held.threads)), 0.5, {}, true, 0, ""});
}

Setup soak_setup(const Load& load, double rate, double seconds) {
  constexpr double clumps_per_s = 2000;
  const unsigned threads = load.threads.value_or(1);
  Setup setup;
  setup.case_name = "soak";
  setup.config = {{"rate", human(rate) + "/s"}};
  setup.plan = lossless_plan(load, threads);
  setup.plan.overflow_mode = 1;
  setup.plan.buffer_capacity = load.buffer.value_or(capacity);
  setup.plan.messages = 0;
  setup.plan.duration_s = seconds;
  setup.plan.rate = rate;
  setup.plan.clump = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rate / threads / clumps_per_s));
  setup.plan.series_s = std::max(0.05, seconds / 300);
  setup.repeats = 1;
  setup.warm_up = false;
  setup.lossless = true;
  return setup;
}

}  // namespace

Numbers run_soak(const Load& load) {
  const double seconds = duration_of(load, 60, 10);
  Numbers numbers;
  double rate = load.rate.value_or(0);
  if (rate == 0) {
    const KeptUp kept = find_kept_up_rate(load, 0.5, 2);
    rate = kept.rate / 2;
    if (rate == 0) {
      Row row;
      row.case_name = "soak";
      row.faults = kept.faults;
      row.faults.emplace_back("no rate was kept up with");
      numbers.rows.push_back(std::move(row));
      return numbers;
    }
  }
  Held application, daemon;
  const double begin = now_s(), every_s = std::clamp(seconds / 200, 0.1, 10.0);
  double next = begin;
  Setup setup = soak_setup(load, rate, seconds);
  setup.watch = [&](pid_t application_pid, pid_t daemon_pid) {
    if (now_s() < next) return;
    next = now_s() + every_s;
    application.look(application_pid, now_s() - begin);
    daemon.look(daemon_pid, now_s() - begin);
  };
  numbers.rows.push_back(measure(load, setup));
  judge("application", application, buffers_mb + pages_mb, seconds, numbers);
  judge("daemon", daemon, pages_mb, seconds, numbers);
  return numbers;
}

}  // namespace dlt::bench
