// Which rate does the whole way, library to daemon to client, keep up with; and what happens beyond it.
//
// Kept up: nothing is dropped, the threads are as fast as they should be, and what is on its way at the end is no more
// than a moment's worth. Messages fall due in clumps, a few thousand times a second, as in an application that works
// and then reports; so the threads sleep in between and leave the CPUs to the rest.
#include "cases/keep_up.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr double clumps_per_s = 2000;       // of a thread
constexpr std::uint32_t capacity = 65'536;  // messages: some milliseconds at full rate, which a busy machine takes away
constexpr double moment_s = 0.05;           // of messages on their way are no backlog
constexpr double called = 0.97;             // share of the rate that the calls themselves must reach

Setup keep_up_setup(const Load& load, double rate, double seconds, const std::string& what) {
  const unsigned threads = load.threads.value_or(1);
  Setup setup;
  setup.case_name = "keep-up";
  setup.config = {{"load", what}, {"rate", human(rate) + "/s"}};
  setup.plan = plan_of(load, threads);
  setup.plan.buffer_capacity = load.buffer.value_or(capacity);
  setup.plan.overflow_mode = 1;
  setup.plan.messages = 0;
  setup.plan.duration_s = seconds;
  setup.plan.rate = rate;
  setup.plan.clump = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rate / threads / clumps_per_s));
  setup.plan.series_s = std::clamp(seconds / 200, 0.005, 1.0);
  setup.repeats = 1;
  setup.warm_up = false;
  return setup;
}

double highest_backlog(const Sample& s, double from_s, double to_s) {
  double highest = 0;
  for (const Moment& m : s.series)
    if (m.t_s >= from_s && m.t_s < to_s) highest = std::max(highest, m.backlog());
  return highest;
}

double median_backlog(const Sample& s, double from_s, double to_s) {
  std::vector<double> values;
  for (const Moment& m : s.series)
    if (m.t_s >= from_s && m.t_s < to_s) values.push_back(m.backlog());
  return spread(std::move(values)).median;
}

bool kept_up(const Sample& s, double rate, double seconds) {
  const bool fast_enough = static_cast<double>(s.offered) >= called * rate * seconds;
  const double early = median_backlog(s, seconds * 0.25, seconds * 0.5);
  const double late = median_backlog(s, seconds * 0.75, seconds);
  return s.faults.empty() && s.dropped_total() == 0 && fast_enough && late - early < moment_s * rate;
}

// What it delivers when the threads wait for room: no rate above that can be kept up for long.
double lossless_rate(const Load& load, double seconds, std::vector<std::string>& faults) {
  Setup setup;
  setup.case_name = "keep-up";
  setup.config = {{"load", "flat out, lossless"}};
  setup.plan = lossless_plan(load, load.threads.value_or(1));
  setup.plan.rate = 0;
  setup.plan.messages = 0;
  setup.plan.duration_s = seconds;
  setup.repeats = 1;
  setup.lossless = true;
  const Row row = measure(load, setup);
  faults.insert(faults.end(), row.faults.begin(), row.faults.end());
  return row.samples.front().msgs_per_s();
}

class Search {
 public:
  explicit Search(const Load& load) : load_(load) {}

  // Halves the gap between what is kept up and what is not.
  void narrow(double low, double high, double seconds, int steps) {
    double good = low, bad = high;
    for (int i = 0; i < steps && found_.faults.empty(); ++i) {  // books that do not close are no matter of the rate
      const double rate = (good + bad) / 2;
      (attempt(rate, seconds) ? good : bad) = rate;
    }
    rate_ = good;
  }
  void hold(double seconds) {
    constexpr int tries = 8;
    for (int i = 0; i < tries && found_.rate == 0 && found_.faults.empty(); ++i, rate_ *= 0.85)
      if (attempt(rate_, seconds)) found_.rate = rate_, found_.held = last_;
  }
  std::vector<std::string>& faults() { return found_.faults; }
  KeptUp result() && { return std::move(found_); }

 private:
  bool attempt(double rate, double seconds) {
    Row row = measure(load_, keep_up_setup(load_, rate, seconds, "search"));
    found_.faults.insert(found_.faults.end(), row.faults.begin(), row.faults.end());
    last_ = std::move(row);
    return kept_up(last_.samples.front(), rate, seconds);
  }

  const Load& load_;
  KeptUp found_;
  Row last_;
  double rate_ = 0;
};

// From the end of the overload until what is on its way is a moment's worth again; negative: not within the run.
double seconds_to_recover(const Sample& s, double overload_s, double rate) {
  for (const Moment& m : s.series)
    if (m.t_s >= overload_s && m.backlog() < moment_s * rate) return m.t_s - overload_s;
  return -1;
}
double seconds_to_first_drop(const Sample& s) {
  for (const Moment& m : s.series)
    if (m.dropped != 0) return m.t_s;
  return -1;
}
std::string seconds_or(double value, const char* otherwise) { return value < 0 ? otherwise : human(value) + " s"; }

Row overload(const Load& load, double kept, double factor, double overload_s, double recover_s) {
  const double back = kept / 2;
  Setup setup = keep_up_setup(load, kept * factor, overload_s, human(factor) + "x, then half");
  setup.plan.after_rate = back;
  setup.plan.after_s = recover_s;
  setup.plan.series_s = (overload_s + recover_s) / 400;
  Row row = measure(load, setup);
  Sample& s = row.samples.front();
  std::uint64_t called_by_then = 0;
  for (const Moment& m : s.series)
    if (m.t_s <= overload_s) called_by_then = m.accepted;
  const double first_drop = seconds_to_first_drop(s), recovered = seconds_to_recover(s, overload_s, back);
  s.extra["factor"] = factor;
  s.extra["rate_asked"] = kept * factor;
  s.extra["rate_called"] = static_cast<double>(called_by_then) / overload_s;
  s.extra["first_drop_s"] = first_drop;
  s.extra["recover_s"] = recovered;
  s.extra["backlog_most"] = highest_backlog(s, 0, overload_s);
  row.notes.push_back("the threads reached " + human(s.extra["rate_called"]) + "/s; first drop: " +
                      seconds_or(first_drop, "none") + "; most on their way: " + human(s.extra["backlog_most"]) +
                      "; recovered in " + seconds_or(recovered, "more than was watched") + " at half the rate");
  if (recovered < 0) row.faults.push_back("the backlog did not go away at half the rate that is kept up with");
  return row;
}

}  // namespace

KeptUp find_kept_up_rate(const Load& load, double probe_s, double hold_s) {
  Search search(load);
  const double most = lossless_rate(load, probe_s, search.faults());
  search.narrow(most * 0.1, most * 1.1, probe_s, 5);
  search.hold(hold_s);
  return std::move(search).result();
}

Numbers run_keep_up(const Load& load) {
  const double hold_s = duration_of(load, 10, 3);
  const KeptUp kept = find_kept_up_rate(load, std::min(1.0, hold_s), hold_s);
  Numbers numbers;
  Row row = kept.held;
  row.case_name = "keep-up";
  if (kept.rate > 0) {
    row.config.front().second = "highest rate held for " + human(hold_s) + " s";
    row.samples.front().extra["rate_held"] = kept.rate;
  }
  row.faults = kept.faults;
  if (kept.rate == 0) row.faults.emplace_back("no rate was kept up with");
  numbers.rows.push_back(std::move(row));
  if (kept.rate == 0) return numbers;
  for (const double factor : {1.2, 1.5, 2.0})
    numbers.rows.push_back(overload(load, kept.rate, factor, hold_s / 2, std::max(1.0, hold_s / 4)));
  return numbers;
}

}  // namespace dlt::bench
