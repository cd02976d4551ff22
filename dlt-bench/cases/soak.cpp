// A long run at half the rate that is kept up with. Nothing may be lost, and neither memory nor file descriptors nor
// threads of application and daemon may grow.
#include <algorithm>

#include "cases.hpp"
#include "cases/keep_up.hpp"
#include "harness/clock.hpp"
#include "harness/growth.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint32_t capacity = 32'768;  // messages
// Buffers that are filled further than ever before are no leak, however late that comes.
constexpr double buffers_mb = capacity * 75e-6, pages_mb = 1;

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
    look(application, now_s() - begin, application_pid);
    look(daemon, now_s() - begin, daemon_pid);
  };
  numbers.rows.push_back(measure(load, setup));
  judge_growth("soak, application", application, buffers_mb + pages_mb, seconds, numbers);
  judge_growth("soak, daemon", daemon, pages_mb, seconds, numbers);
  return numbers;
}

}  // namespace dlt::bench
