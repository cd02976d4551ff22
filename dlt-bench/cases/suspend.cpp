// Many threads log flat out and some of them are stopped in the middle of a call: do the others go on? The stop is
// real, by ptrace, in front of an instruction of the call that a random number chose; a sleep between calls, or SIGSTOP
// to all, would prove nothing. Beside it the same with a logger that has one mutex, which must be seen to stand still.
#include <algorithm>

#include "cases.hpp"
#include "harness/held_thread.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/suspended_threads.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned default_threads = 8;

unsigned threads_of(const Load& load) { return std::clamp(load.threads.value_or(default_threads), 2U, 64U); }
double seconds_of(const Load& load, double usual) { return load.duration_s.value_or(load.brief ? usual / 4 : usual); }

// The first `n` threads, all at the same time.
Stops together(unsigned n, double seconds) {
  Stops stops;
  for (unsigned i = 0; i < n; ++i) stops.push_back({i, 0, seconds});
  return stops;
}

struct Test {
  const char* name;
  std::string suspended;  // shown
  Stops stops;
  double seconds;
  bool after_first_message = false;
};

std::string seconds_text(double s) { return human(s) + " s"; }

Row row_of(const Load& load, const Test& test, const std::string& logger, const StopResult& r) {
  Row row;
  row.case_name = test.name;
  row.config = {{"logger", logger == "dlt" ? "ours" : logger + " (control)"},
                {"threads", std::to_string(threads_of(load)) + " threads"},
                {"suspended", test.suspended + " suspended"},
                {"duration", seconds_text(test.seconds)}};
  row.peer = logger != "dlt";
  row.samples.push_back(r.sample);
  row.faults = r.sample.faults;
  row.notes.push_back("others while it lasted: " + human(r.others_per_s) + " messages/s accepted, " +
                      human(r.delivered_per_s) + "/s delivered (all threads before: " + human(r.before_per_s) +
                      "/s); " + std::to_string(r.stood_still) +
                      " of them stood still: " + (r.stood_still == 0 ? "went on" : "BLOCKED"));
  if (r.not_caught != 0)
    row.notes.push_back(std::to_string(r.not_caught) + " could not be stopped inside a call: they came to none");
  return row;
}

Criterion others_went_on(const Test& test, const StopResult& r) {
  const double n = r.stood_still;
  return {std::string(test.name) + ": " + test.suspended + " suspended, others that stood still",
          "threads",
          {n, n, n},
          0,
          {},
          true,
          0,
          human(r.others_per_s) + " messages/s of the others"};
}

// The table for people: test, logger, threads, suspended, duration, throughput of the others, status.
void add(Numbers& numbers, const Load& load, const Test& test, const std::string& logger, const StopResult& r) {
  numbers.rows.push_back(row_of(load, test, logger, r));
  numbers.facts.emplace_back(test.name, numbers.rows.back().label() + ": others " + human(r.others_per_s) +
                                            " messages/s, " + (r.stood_still == 0 ? "went on" : "BLOCKED"));
}

// Ours, or the one with a mutex in its place: then the case must fail.
void run_ours(const Load& load, const Test& test, Numbers& numbers) {
  const std::string logger = load.logger == "mutex" ? load.logger : "dlt";
  for (unsigned i = 0; i < load.repeat.value_or(1); ++i) {
    progress(std::string(test.name) + ": " + test.suspended, test.seconds);
    const StopResult r = run_with_stops(load, logger, threads_of(load), test.stops, test.after_first_message);
    add(numbers, load, test, logger, r);
    numbers.criteria.push_back(others_went_on(test, r));
  }
}

// Returns how many stood still.
unsigned run_mutex(const Load& load, const Test& test, Numbers& numbers) {
  progress(std::string(test.name) + ": " + test.suspended + ", mutex", test.seconds);
  const StopResult r = run_with_stops(load, "mutex", threads_of(load), test.stops, test.after_first_message);
  add(numbers, load, test, "mutex", r);
  return r.stood_still;
}

Numbers unless_impossible(const char* name, const Load& load, Numbers (*run)(const Load&)) {
  if (can_hold_threads()) {
    Numbers numbers = run(load);
    progress_done();
    return numbers;
  }
  Numbers numbers;
  numbers.facts.emplace_back(name, "threads cannot be held in this build");
  return numbers;
}

Numbers basic(const Load& load) {
  Numbers numbers;
  const double s = seconds_of(load, 2);
  const Test test{"suspend-basic", "2", together(std::min(2U, threads_of(load) - 1), s), s};
  run_ours(load, test, numbers);
  (void)run_mutex(load, test, numbers);
  return numbers;
}

Numbers cascade(const Load& load) {
  Numbers numbers;
  const double each = std::max(0.3, seconds_of(load, 2) / 4);  // shorter, and nothing could be said of the others
  Stops stops;                                                 // two at a time, but for the first and the last moment
  for (unsigned i = 0; i < threads_of(load); ++i) stops.push_back({i, i * each / 2, i * each / 2 + each});
  const Test test{"suspend-cascade", "each in turn, two at a time,", stops, stops.back().until_s};
  run_ours(load, test, numbers);
  (void)run_mutex(load, test, numbers);
  return numbers;
}

Numbers immediate(const Load& load) {
  Numbers numbers;
  const double s = seconds_of(load, 3);
  run_ours(load, {"suspend-immediate", "1 right after its first message", together(1, s), s, true}, numbers);
  return numbers;
}

Numbers advantage(const Load& load) {
  Numbers numbers;
  const double s = seconds_of(load, 1);
  unsigned stood_still = 0;
  for (const unsigned n : {2U, 4U, 6U}) {
    if (n >= threads_of(load)) continue;
    const Test test{"suspend-advantage", std::to_string(n), together(n, s), s};
    run_ours(load, test, numbers);
    stood_still += run_mutex(load, test, numbers);
  }
  const double seen = stood_still;
  numbers.criteria.push_back({"suspend-advantage: with one mutex, others that stood still",
                              "threads",
                              {seen, seen, seen},
                              1,
                              {},
                              false,
                              0,
                              "control: must be seen"});
  return numbers;
}

}  // namespace

Numbers run_suspend_basic(const Load& load) { return unless_impossible("suspend-basic", load, basic); }
Numbers run_suspend_cascade(const Load& load) { return unless_impossible("suspend-cascade", load, cascade); }
Numbers run_suspend_immediate(const Load& load) { return unless_impossible("suspend-immediate", load, immediate); }
Numbers run_suspend_advantage(const Load& load) { return unless_impossible("suspend-advantage", load, advantage); }

Numbers run_suspend_all(const Load& load) {
  Numbers numbers = run_suspend_basic(load);
  for (const auto run : {run_suspend_cascade, run_suspend_immediate, run_suspend_advantage, run_suspend_every})
    numbers.add(run(load));
  return numbers;
}

}  // namespace dlt::bench
