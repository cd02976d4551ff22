// More is logged than the buffers hold. What each mode keeps is proved by the sequence numbers that arrive:
//
//   overwrite     the newest: each thread's last messages, at least 5/8 of a buffer, without a gap up to the very last
//                 (1/8 is the step in which the oldest go; 2/8 may be in the sender's hands, and are older but
//                 delivered)
//   drop_newest   the oldest: each thread's first messages, at least a whole buffer, without a gap from the very first
//   block         all, unless a call waited longer than the timeout; each of those is counted
//
// Three loads: the daemon stopped while 4 threads log (a certain overflow), flat out, and at twice the sustained rate.
#include <algorithm>
#include <array>

#include "cases.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t default_messages = 50'000;  // per thread
constexpr std::uint32_t default_capacity = 2048;    // the library's
constexpr std::uint64_t socket_holds = 12 << 20;    // bytes, at most, with the buffers: beyond, something must overflow

struct Mode {
  int number;
  const char* name;
};
constexpr Mode overwrite{0, "overwrite"}, drop_newest{1, "drop_newest"}, block{2, "block"};

std::uint64_t capacity_of(const ProducePlan& plan) {
  return plan.buffer_capacity != 0 ? plan.buffer_capacity : default_capacity;
}

void judge_overwrite(const ProducePlan& plan, const ProduceResult& p, const std::vector<Producer>& got, Sample& s) {
  std::uint64_t least_tail = ~std::uint64_t{0};
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::uint64_t kept = std::min(p.offered[i], capacity_of(plan) * 5 / 8);
    if (got[i].next != p.offered[i])
      s.faults.push_back("thread " + std::to_string(i) + ": its newest message did not arrive");
    else if (got[i].tail < kept)
      s.faults.push_back("thread " + std::to_string(i) + ": only the newest " + std::to_string(got[i].tail) +
                         " are without a gap, not " + std::to_string(kept));
    least_tail = std::min(least_tail, got[i].tail);
  }
  s.extra["newest_without_gap"] = static_cast<double>(least_tail);
}

void judge_drop(const ProducePlan& plan, const ProduceResult& p, const std::vector<Producer>& got, Sample& s) {
  std::uint64_t least_head = ~std::uint64_t{0};
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::uint64_t kept = std::min(p.offered[i], capacity_of(plan));
    if (got[i].head < kept)
      s.faults.push_back("thread " + std::to_string(i) + ": only the oldest " + std::to_string(got[i].head) +
                         " are without a gap, not " + std::to_string(kept));
    least_head = std::min(least_head, got[i].head);
  }
  s.extra["oldest_without_gap"] = static_cast<double>(least_head);
}

// In a mode only the causes of that mode may appear.
void judge_causes(const Mode& mode, Sample& s) {
  constexpr std::array<const char*, 3> causes{"overwritten", "full", "timed_out"};
  for (const auto& [cause, n] : s.dropped) {
    if (cause != causes[static_cast<std::size_t>(mode.number)] && cause.rfind("daemon_", 0) != 0)
      s.faults.push_back(std::to_string(n) + " messages dropped by cause '" + cause + "' in mode " + mode.name);
  }
}

Setup overflow_setup(const Load& load, const Mode& mode, const std::string& what) {
  Setup setup;
  setup.case_name = std::string("overflow-") + (mode.number == 2 ? "timeout" : mode.number == 1 ? "drop" : "overwrite");
  setup.config = {{"mode", mode.name}, {"load", what}};
  setup.plan = plan_of(load, load.threads.value_or(4));
  setup.plan.overflow_mode = mode.number;
  setup.plan.messages = load.messages.value_or(default_messages);
  setup.plan.timing = Timing::each;
  setup.plan.warm_up = 100;
  setup.sink = Sink::client;
  setup.repeats = repeats_of(load);
  const ProducePlan plan = setup.plan;
  setup.judge = [mode, plan](const ProduceResult& p, const std::vector<Producer>& got, Sample& s) {
    judge_causes(mode, s);
    if (s.dropped.contains("daemon_client_queue")) return;  // then gaps are not the library's alone
    if (mode.number == overwrite.number) judge_overwrite(plan, p, got, s);
    if (mode.number == drop_newest.number) judge_drop(plan, p, got, s);
  };
  return setup;
}

void note_loss(Row& row) {
  const double lost =
      spread(row, [](const Sample& s) {
        return s.accepted != 0 ? static_cast<double>(s.dropped_total()) / static_cast<double>(s.accepted) : 0;
      }).median;
  std::string note = "dropped " + human(lost * 100) + " %";
  for (const char* key : {"newest_without_gap", "oldest_without_gap"})
    if (!row.samples.empty() && row.samples.front().extra.contains(key))
      note += std::string(", ") + (key[0] == 'n' ? "newest" : "oldest") +
              " kept without a gap, least of all threads: " +
              human(spread(row, [&](const Sample& s) { return s.extra.contains(key) ? s.extra.at(key) : 0; }).min);
  row.notes.push_back(note);
}

Row stalled(const Load& load, const Mode& mode) {
  Setup setup = overflow_setup(load, mode, "daemon stopped");
  setup.stalled = true;
  if (mode.number == block.number) {
    // Each message beyond the buffer waits its whole timeout: a while of that will do.
    setup.plan.messages = 0;
    setup.plan.duration_s = 0.3;
    setup.plan.timeout_ms = 1;
  }
  Row row = measure(load, setup);
  for (std::size_t i = 0; i < row.samples.size(); ++i) {
    const Sample& s = row.samples[i];
    if (s.dropped_total() == 0 && s.accepted * 69 > socket_holds)
      row.faults.push_back("repeat " + std::to_string(i + 1) + ": the daemon stood still and nothing overflowed");
  }
  return row;
}

double sustained_rate(const Load& load) {
  Setup setup;
  setup.case_name = "sustained rate";
  setup.plan = lossless_plan(load, load.threads.value_or(4));
  setup.plan.rate = 0;
  setup.plan.messages = 0;
  setup.plan.duration_s = 0.3;
  setup.repeats = 3;
  return spread(measure(load, setup), &Sample::msgs_per_s).median;
}

Numbers run_mode(const Load& load, const Mode& mode) {
  Numbers numbers;
  if (load.daemon.empty()) numbers.rows.push_back(stalled(load, mode));
  numbers.rows.push_back(measure(load, overflow_setup(load, mode, "flat out")));
  if (!load.brief) {
    const double rate = load.rate.value_or(2 * sustained_rate(load));
    Setup twice = overflow_setup(load, mode, "2 x sustained");
    twice.plan.rate = rate;
    numbers.rows.push_back(measure(load, twice));
    numbers.rows.back().notes.push_back("paced at " + human(rate) + " msg/s, as far as the threads get there");
  }
  for (auto& row : numbers.rows) note_loss(row);
  return numbers;
}

}  // namespace

Numbers run_overflow_overwrite(const Load& load) { return run_mode(load, overwrite); }
Numbers run_overflow_drop(const Load& load) { return run_mode(load, drop_newest); }
Numbers run_overflow_timeout(const Load& load) { return run_mode(load, block); }

Numbers run_overflow_all(const Load& load) {
  Numbers numbers = run_overflow_overwrite(load);
  numbers.add(run_overflow_drop(load));
  numbers.add(run_overflow_timeout(load));
  return numbers;
}

}  // namespace dlt::bench
