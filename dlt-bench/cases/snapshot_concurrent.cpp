// Several applications that log all the while; one signal to the daemon asks for a snapshot of each.
//
// Beside each trigger an equal time without one is watched: the longest call of all threads, and how many there were.
#include <signal.h>

#include <algorithm>
#include <numeric>

#include "cases.hpp"
#include "harness/board.hpp"
#include "harness/crew.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/record_plan.hpp"
#include "harness/report.hpp"
#include "harness/snapshot_directory.hpp"
#include "harness/snapshot_read.hpp"
#include "harness/wire.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned threads = 2;  // of a process
constexpr unsigned default_processes = 8, brief_processes = 4;
constexpr double default_rate = 200'000;  // calls/s of all threads
constexpr unsigned burst = 32;
constexpr double settling_s = 0.3;  // before the first trigger, so that rings are full or close to it

constexpr double first_quiet_s = 0.05;  // then as long as the trigger before took

struct Watched {
  double seconds = 0, longest_us = 0, calls = 0;
};

class Crowd {
 public:
  Crowd(const Load& load, unsigned processes) : crew_({Store::zstd, false, directory_.settings()}) {
    const double rate = load.rate.value_or(default_rate);
    recount_.threads = threads;
    for (unsigned i = 0; i < processes; ++i) {
      RecordPlan plan;
      plan.address = crew_.daemon().unix_address();
      plan.run = recount_.runs.emplace_back(next_run_id());
      plan.logger = load.logger;
      plan.board = board_.path();
      plan.first = i * threads;
      plan.threads = threads;
      plan.burst = burst;
      plan.pause_us = static_cast<unsigned>(1e6 * burst * processes * threads / rate);
      plan.timed = true;
      recount_.payload = plan.payload = load.payload.value_or(plan.payload);
      ring_bytes_ = plan.ring_bytes;
      crew_.join("record", Json(plan).dump());
    }
    crew_.wait_ready();
    begin_ns_ = now_ns();
    (void)crew_.ask("go");
    pause(settling_s);
  }

  // A trigger, and as much time without one before it.
  void trigger(Sample& s, double quiet_s) {
    const Watched quiet = watch([quiet_s] { pause(quiet_s); });
    const std::vector<std::uint64_t> before = counts();
    std::vector<std::string> files;
    const Watched during = watch([&] {
      if (::kill(crew_.daemon().pid(), SIGUSR1) != 0) throw BenchError("the daemon takes no signal");
      files = directory_.wait_for(crew_.size(), [this] { crew_.daemon().check_alive(); });
    });
    const std::vector<std::uint64_t> after = counts();
    for (const char* key : {"in_the_files", "overwritten_segments"}) s.extra[key] = 0;
    s.extra["complete_ms"] = during.seconds * 1e3;
    s.extra["longest_call_us"] = during.longest_us;
    s.extra["longest_call_us_without"] = quiet.longest_us;
    s.extra["calls_per_s"] = during.calls / during.seconds;
    s.extra["calls_per_s_without"] = quiet.calls / quiet.seconds;
    judge(s, files, before, after);
    directory_.clear();
  }
  // The books of what was sent all the while.
  void settle(Sample& s) {
    for (const std::string& line : crew_.ask("stop")) {
      const auto r = from_wire<VisitResult>(line);
      Crew::enter(s, r.offered, r.books, r.flushed, r.usage);
    }
    (void)crew_.settle(s, begin_ns_, recount_);
    crew_.dismiss();
  }

 private:
  static void pause(double seconds) {
    const auto ns = static_cast<long>(seconds * 1e9);
    const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
    ::nanosleep(&t, nullptr);
  }
  [[nodiscard]] std::vector<std::uint64_t> counts() const {
    std::vector<std::uint64_t> calls;
    for (std::size_t i = 0; i < crew_.size() * threads; ++i)
      calls.push_back(board_->tallies[i].taken.load(std::memory_order_acquire));
    return calls;
  }
  template <class Do>
  Watched watch(Do&& act) {
    const auto sum = [this] {
      const auto calls = counts();
      return std::accumulate(calls.begin(), calls.end(), std::uint64_t{0});
    };
    for (auto& longest : board_->longest_ns) longest.store(0);
    const std::uint64_t calls = sum(), begin = now_ns();
    act();
    Watched w;
    w.seconds = static_cast<double>(std::max<std::uint64_t>(1, now_ns() - begin)) * 1e-9;
    w.calls = static_cast<double>(sum() - calls);
    for (const auto& longest : board_->longest_ns)
      w.longest_us = std::max(w.longest_us, static_cast<double>(longest.load()) * 1e-3);
    return w;
  }
  void judge(Sample& s, const std::vector<std::string>& files, const std::vector<std::uint64_t>& before,
             const std::vector<std::uint64_t>& after) {
    for (std::size_t i = 0; i < crew_.size(); ++i) {
      const std::string name =
          "-" + recount_.runs[i] + "-" + std::to_string(crew_.pid_of(i)) + "-";  // ECU-application-pid-time-reason
      const auto mine = std::find_if(files.begin(), files.end(), [&](const auto& f) {
        return f.find(name) != std::string::npos && f.ends_with("-SIGUSR1.dlt.zst");
      });
      if (mine == files.end()) {
        s.faults.push_back("no snapshot of process " + std::to_string(i));
        continue;
      }
      std::vector<Witnessed> seen;
      for (std::size_t t = i * threads; t < (i + 1) * threads; ++t) seen.push_back({before[t], after[t] + 1});
      const SnapshotContent content = read_snapshot(*mine, threads, recount_.payload);
      const SnapshotVerdict verdict = judge_snapshot(content, seen, ring_bytes_);
      s.extra["in_the_files"] += static_cast<double>(content.messages);
      s.extra["overwritten_segments"] += static_cast<double>(content.overwritten);
      for (const std::string& fault : verdict.faults)
        s.faults.push_back("snapshot of process " + std::to_string(i) + ": " + fault);
    }
  }

  const SnapshotDirectory directory_;
  const BoardMemory board_;
  Crew crew_;
  RecountPlan recount_;
  std::uint64_t begin_ns_ = 0, ring_bytes_ = 0;
};

// One sample of the whole: the live stream is one, whatever the number of triggers. Of those it has the medians.
void conclude(Row& row, const Row& triggers, Sample whole) {
  const auto of = [&triggers](const std::string& key) {
    return spread(triggers, [&key](const Sample& s) { return s.extra.at(key); });
  };
  for (const auto& [key, value] : triggers.samples.front().extra) whole.extra[key] = of(key).median;
  for (const Sample& s : triggers.samples) row.faults.insert(row.faults.end(), s.faults.begin(), s.faults.end());
  row.faults.insert(row.faults.end(), whole.faults.begin(), whole.faults.end());
  const auto figure = [&of](const char* key) {
    const Spread s = of(key);
    return human(s.median) + " (" + human(s.min) + " - " + human(s.max) + ")";
  };
  row.notes.push_back("the set complete after " + figure("complete_ms") + " ms; longest call " +
                      figure("longest_call_us") + " µs, in an equal time without a snapshot " +
                      figure("longest_call_us_without") + " µs");
  row.notes.push_back("calls/s " + figure("calls_per_s") + ", without " + figure("calls_per_s_without") + "; " +
                      figure("in_the_files") + " messages in a set, " + figure("overwritten_segments") +
                      " segments overwritten while they were read");
  row.samples.push_back(std::move(whole));
}

}  // namespace

Numbers run_snapshot_concurrent(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("snapshot-concurrent", "left out: a daemon that is not ours gets no signal");
    return numbers;
  }
  const unsigned processes = std::clamp(load.threads.value_or(load.brief ? brief_processes : default_processes), 1U,
                                        Board::most_threads / threads);
  const unsigned triggers = load.repeat.value_or(load.brief ? 2 : 10);
  Row row;
  row.case_name = "snapshot-concurrent";
  row.config = {{"processes", std::to_string(processes) + " processes"},
                {"threads", std::to_string(threads) + " threads each"},
                {"sink", "zstd file"},
                {"triggers", std::to_string(triggers) + " triggers"}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  progress("snapshot-concurrent: " + row.label(), triggers);
  Crowd crowd(load, processes);
  Row each;
  double quiet_s = first_quiet_s;
  for (unsigned i = 0; i < std::max(1U, triggers); ++i) {
    Sample& s = each.samples.emplace_back();
    crowd.trigger(s, quiet_s);
    quiet_s = s.extra["complete_ms"] * 1e-3;
  }
  Sample whole;
  crowd.settle(whole);
  progress_done();
  conclude(row, each, std::move(whole));
  numbers.rows.push_back(std::move(row));
  return numbers;
}

}  // namespace dlt::bench
