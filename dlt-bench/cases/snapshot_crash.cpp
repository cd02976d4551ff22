// Processes that die at random points: is every message that was committed in the file that the daemon then makes?
//
// A board in shared memory, which outlives the process, has counted the calls that returned.
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

#include "cases.hpp"
#include "harness/board.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/record_plan.hpp"
#include "harness/report.hpp"
#include "harness/snapshot_directory.hpp"
#include "harness/snapshot_read.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

struct Ending {
  const char* name;
  const char* shown;
  const char* reason;  // in the file's name
};
constexpr std::array endings{
    Ending{"kill", "SIGKILL", "crash-signal-9-SIGKILL"}, Ending{"segv", "SIGSEGV", "crash-signal-11-SIGSEGV"},
    Ending{"abort", "SIGABRT", "crash-signal-6-SIGABRT"}, Ending{"exit", "_exit", "crash-exit-3"},
    Ending{"terminate", "std::terminate", "crash-signal-6-SIGABRT"}};
constexpr const char* unknown_reason = "crash-died";  // an older kernel does not tell
constexpr unsigned full_crashes = 100, brief_crashes = 5, fewest_crashes = 10;
constexpr std::uint64_t default_messages = 50'000;  // calls of the first thread before the end, at most
constexpr unsigned default_threads = 4, slow_share = 200, slow_pause_us = 300;
constexpr Seconds patience{60};

bool kernel_tells_endings() {
  utsname name{};
  int major = 0, minor = 0;
  return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
         (major > 6 || (major == 6 && minor >= 15));
}

class Deaths {
 public:
  explicit Deaths(const Load& load)
      : load_(load), daemon_(Daemon::start(DaemonPlan{Store::none, false, -1, directory_.settings()})) {}

  void die(const Ending& ending, Sample& s, Histogram& recovery_us) {
    const BoardMemory board;
    const RecordPlan plan = random_plan(ending, board);
    Child child = start_worker("record", Json(plan).dump());
    (void)child.receive(patience);  // ready
    child.send("go");
    const std::uint64_t killed_ns = plan.ending == "kill" ? kill_at(child, board, plan.after) : 0;
    const auto files = directory_.wait_for(1, [&] {
      (void)child.ended();  // its parent has to ask before the kernel tells the daemon
      daemon_.check_alive();
    });
    const std::uint64_t died_ns = killed_ns != 0 ? killed_ns : board->ends_ns.load();
    recovery_us.record((now_ns() - died_ns) / 1000);
    (void)child.stop(0, patience);
    judge(ending, plan, board, files, s);
    directory_.clear();
  }

 private:
  RecordPlan random_plan(const Ending& ending, const BoardMemory& board) {
    RecordPlan plan;
    plan.address = daemon_.unix_address();
    plan.run = next_run_id();
    plan.logger = load_.logger;
    plan.board = board.path();
    const unsigned most = std::clamp(load_.threads.value_or(default_threads), 1U, Board::most_threads);
    plan.threads = 1 + static_cast<unsigned>(random_() % most);
    plan.payload = load_.payload.value_or(plan.payload);
    plan.ending = ending.name;
    std::uint64_t calls = std::max<std::uint64_t>(1, load_.messages.value_or(default_messages));
    if (random_() % 2 == 0) {  // flat out, or slowly
      plan.pause_us = 1 + static_cast<unsigned>(random_() % slow_pause_us);
      calls = std::max<std::uint64_t>(1, calls / slow_share);
    }
    plan.after = 1 + random_() % calls;
    return plan;
  }
  static std::uint64_t kill_at(Child& child, const BoardMemory& board, std::uint64_t calls) {
    while (board->tallies[0].taken.load(std::memory_order_acquire) < calls) {
      if (child.ended()) throw BenchError("a process ended before its time");
      const timespec pause{0, 1000};
      ::nanosleep(&pause, nullptr);
    }
    const std::uint64_t now = now_ns();
    child.signal(SIGKILL);
    return now;
  }
  void judge(const Ending& ending, const RecordPlan& plan, const BoardMemory& board,
             const std::vector<std::string>& files, Sample& s) const {
    const std::string& path = files.front();
    const bool named = path.find(std::string("-") + ending.reason + ".dlt.zst") != std::string::npos;
    const bool unknown = path.find(unknown_reason) != std::string::npos && !kernel_tells_endings();
    if (!named && !unknown) s.faults.push_back("the file does not name the reason: " + path);
    if (unknown) s.extra["without_reason"] += 1;
    std::vector<Witnessed> seen;
    for (unsigned t = 0; t < plan.threads; ++t) {
      const std::uint64_t returned = board->tallies[t].taken.load();
      seen.push_back({returned, returned + 1});
      s.extra["calls"] += static_cast<double>(returned);
    }
    const SnapshotContent content = read_snapshot(path, plan.threads, plan.payload);
    const SnapshotVerdict verdict = judge_snapshot(content, seen, plan.ring_bytes);
    s.offered += verdict.committed, s.accepted += verdict.committed;
    s.delivered += verdict.committed - std::min(verdict.committed, verdict.missed);
    s.unaccounted += static_cast<std::int64_t>(verdict.missed);
    for (const SnapshotThread& t : content.threads) s.delivered_bytes += t.bytes;
    s.extra["torn"] += static_cast<double>(content.torn);
    s.extra["twice"] += static_cast<double>(content.twice);
    for (const std::string& fault : verdict.faults) s.faults.push_back(fault + " (" + path + ")");
  }

  const Load& load_;
  std::mt19937_64 random_{std::random_device{}()};
  const SnapshotDirectory directory_;
  Daemon daemon_;
};

Row crash(const Load& load, const Ending& ending, unsigned crashes, Deaths& deaths) {
  Row row;
  row.case_name = "snapshot-crash";
  row.config = {{"ending", ending.shown}, {"crashes", std::to_string(crashes) + " crashes"}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  Sample& s = row.samples.emplace_back();
  Histogram recovery_us;
  const double begin = now_s();
  for (unsigned i = 0; i < crashes; ++i) {
    progress("snapshot-crash: " + row.label(), (crashes - i) * 0.1);
    deaths.die(ending, s, recovery_us);
  }
  progress_done();
  s.seconds = now_s() - begin;
  const Percentiles p = recovery_us.percentiles();
  s.extra["recovery_ms_p50"] = p.p50 * 1e-3, s.extra["recovery_ms_max"] = p.max * 1e-3;
  row.faults = s.faults;
  row.notes.push_back(human(double(s.delivered)) + " of " + human(double(s.offered)) +
                      " committed messages recovered, torn " + human(s.extra["torn"]) + ", twice " +
                      human(s.extra["twice"]) + "; from the death to the file " + human(p.p50 * 1e-3) + " ms p50, " +
                      human(p.max * 1e-3) + " ms at most");
  if (s.extra.count("without_reason") != 0)
    row.notes.push_back("this kernel does not tell how a process ended: " + human(s.extra["without_reason"]) +
                        " files say only that it died");
  return row;
}

}  // namespace

Numbers run_snapshot_crash(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("snapshot-crash", "left out: what a running daemon writes is not ours to delete");
    return numbers;
  }
  const auto scaled = static_cast<unsigned>(full_crashes * std::clamp(load.time_scale, 0.0, 1.0));
  const unsigned crashes =
      std::max(1U, load.repeat.value_or(load.brief ? brief_crashes : std::max(fewest_crashes, scaled)));
  Deaths deaths(load);
  double missed = 0, wrong = 0, committed = 0;
  for (const Ending& ending : endings) {
    const Row& row = numbers.rows.emplace_back(crash(load, ending, crashes, deaths));
    const Sample& s = row.samples.front();
    committed += static_cast<double>(s.offered);
    missed += static_cast<double>(s.unaccounted);
    wrong += s.extra.at("torn") + s.extra.at("twice");
  }
  const auto none = [&](const char* what, double n) {
    numbers.criteria.push_back({what, "", {n, n, n}, 0, {}, true, 0, "of " + human(committed)});
  };
  none("snapshot-crash, committed messages that are missing", missed);
  none("snapshot-crash, messages torn or twice", wrong);
  return numbers;
}

}  // namespace dlt::bench
