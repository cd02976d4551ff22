// One thread is stepped through its whole log call and held at each instruction: can the others go on? Ours in every
// situation and for all that others may want to do; beside it a logger with one mutex, a shared ring, and the incumbent
// where it is installed.
#include <algorithm>
#include <array>

#include "cases.hpp"
#include "harness/clock.hpp"
#include "harness/covesa_daemon.hpp"
#include "harness/held_thread.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/suspension.hpp"

namespace dlt::bench {
namespace {

constexpr std::array all_situations{Situation::draining,     Situation::full_overwrite, Situation::full_drop,
                                    Situation::full_block,   Situation::absent,         Situation::first_call,
                                    Situation::chunk_change, Situation::reconnecting};
constexpr std::array all_works{Work::log, Work::deliver, Work::reg, Work::ctl, Work::fork, Work::signal, Work::exit};

Sample sample_of(const Walk& walk, const WalkResult& r) {
  Sample s;
  s.seconds = r.seconds;
  s.offered = r.offered;
  // A process that exits takes its books along; what its threads were told was taken counts.
  s.accepted = walk.work == Work::exit ? r.offered : r.books.accepted;
  s.delivered = walk.work == Work::exit ? std::min(r.delivered, r.offered) : r.delivered;
  for (const auto& [cause, n] : r.books.dropped)
    if (n != 0) s.dropped[cause] = n;
  if (r.books.queued != 0) s.dropped["still_queued"] = r.books.queued;  // nobody was there to take them
  s.unaccounted = r.unaccounted;
  s.extra = {{"instructions", static_cast<double>(r.instructions)},
             {"held", static_cast<double>(r.held)},
             {"blocked", static_cast<double>(r.blocked)},
             {"late", static_cast<double>(r.late)},
             {"handlers", static_cast<double>(r.handlers)},
             {"handlers_refused", static_cast<double>(r.handlers_refused)},
             {"children", static_cast<double>(r.children)}};
  return s;
}

std::string percent(const WalkResult& r) {
  return human(100.0 * static_cast<double>(r.blocked) / static_cast<double>(std::max<std::uint64_t>(r.held, 1))) + " %";
}

Row row_of(const Walk& walk, const WalkResult& r) {
  Row row;
  row.case_name = "suspend-every";
  row.config = {{"logger", walk.logger}, {"situation", name(walk.situation)}, {"work", name(walk.work)}};
  row.peer = walk.logger != "dlt";
  row.samples.push_back(sample_of(walk, r));
  row.notes.push_back("held at " + std::to_string(r.held) + " of " + std::to_string(r.instructions) +
                      " instructions: others blocked at " + std::to_string(r.blocked) + ", " + percent(r));
  if (r.handlers != 0)
    row.notes.back() += "; of " + std::to_string(r.handlers) + " handlers " + std::to_string(r.handlers_refused) +
                        " were refused, counted";
  row.faults = r.faults;
  if (r.unaccounted == 0 && !r.complete && !row.peer) row.faults.emplace_back("the call did not come to its end");
  if (!row.peer)
    for (const auto& where : r.where) row.notes.push_back("blocked at " + where);
  return row;
}

// A fork, an exit, and a daemon that comes back take their time: at so many instructions at most.
unsigned stride_for(const Load& load, Situation situation, Work work) {
  constexpr unsigned holds = 24;
  const unsigned length = situation == Situation::full_block || situation == Situation::first_call         ? 4500
                          : situation == Situation::full_overwrite || situation == Situation::chunk_change ? 800
                                                                                                           : 150;
  const bool slow = work == Work::fork || work == Work::exit ||
                    (work == Work::signal && situation == Situation::first_call) ||
                    (situation == Situation::reconnecting && (work == Work::deliver || work == Work::ctl));
  return slow && !load.messages ? std::max(1U, length / holds) : 1;
}

// Within a budget of time (`full`), each walk holds at so many instructions only every how many-th one: more and more
// of them are passed over when the time that is left does not suffice for all.
unsigned coarser(const Load& load) {
  constexpr double late = 4;
  const double scale = std::clamp(load.time_scale, 0.05, 1.0);
  return static_cast<unsigned>((now_s() > load.again_until_s ? late : 1) / scale);
}

class Table {
 public:
  explicit Table(const Load& load, Numbers& numbers) : load_(load), numbers_(numbers) {}

  WalkResult walk(Walk walk) {
    walk.stride *= coarser(load_);
    progress(std::string("suspend-every: ") + walk.logger + ", " + name(walk.situation) + ", " + name(walk.work), 0);
    WalkResult r = suspender_.walk(walk);
    numbers_.rows.push_back(row_of(walk, r));
    summarise(walk, r);
    return r;
  }

 private:
  // One line a situation: what was blocked, of how many.
  void summarise(const Walk& walk, const WalkResult& r) {
    const std::string key =
        std::string("blocked, ") + (walk.logger == "dlt" ? "ours" : walk.logger) + ", " + name(walk.situation);
    const std::string text =
        std::string(name(walk.work)) + " " + std::to_string(r.blocked) + "/" + std::to_string(r.held);
    auto& facts = numbers_.facts;
    if (!facts.empty() && facts.back().first == key) facts.back().second += ", " + text;
    else facts.emplace_back(key, text);
  }

  const Load& load_;
  Numbers& numbers_;
  Suspender suspender_;
};

// They are expected to block, and need not be waited for long.
Walk peer_walk(const char* logger, Situation situation, Work work) {
  Walk walk;
  walk.situation = situation;
  walk.work = work;
  walk.logger = logger;
  walk.enough = 0;
  walk.patience = Seconds(0.02);
  return walk;
}

Criterion blocked_at(const std::string& what, const WalkResult& r, double target, bool at_most) {
  const double percents =
      100.0 * static_cast<double>(r.blocked) / static_cast<double>(std::max<std::uint64_t>(r.held, 1));
  return {what, "% of instructions", {percents, percents, percents}, target, {}, at_most, 0, "control: must be seen"};
}

void walk_ours(const Load& load, Table& table, Numbers& numbers) {
  double blocked = 0, late = 0, held = 0;
  for (const Situation situation : all_situations) {
    for (const Work work : all_works) {
      if (!possible(situation, work)) continue;
      Walk walk;
      walk.situation = situation;
      walk.work = work;
      walk.stride = stride_for(load, situation, work);
      const WalkResult r = table.walk(walk);
      blocked += static_cast<double>(r.blocked);
      late += static_cast<double>(r.late);
      held += static_cast<double>(r.held);
    }
  }
  numbers.criteria.push_back({"instructions of a log call at which others cannot go on",
                              "",
                              {blocked, blocked, blocked},
                              0,
                              {},
                              true,
                              0,
                              "of " + human(held) + " held; " + human(late) + " times later than 300 ms"});
}

void walk_incumbent(Table& table, Numbers& numbers) {
  if (!CovesaDaemon::find()) {
    numbers.facts.emplace_back("suspend-every", "the incumbent is not installed (dlt-daemon, libdlt2)");
    return;
  }
  for (const Situation situation : {Situation::draining, Situation::full_drop, Situation::absent})
    for (const Work work : {Work::log, Work::reg}) (void)table.walk(peer_walk("covesa", situation, work));
  (void)table.walk(peer_walk("covesa", Situation::draining, Work::deliver));
}

}  // namespace

Numbers run_suspend_every(const Load& load) {
  Numbers numbers;
  if (!can_hold_threads()) {
    numbers.facts.emplace_back("suspend-every", "threads cannot be held in this build");
    return numbers;
  }
  Table table(load, numbers);
  walk_ours(load, table, numbers);
  const WalkResult mutex = table.walk(peer_walk("mutex", Situation::draining, Work::log));
  (void)table.walk(peer_walk("mpsc", Situation::draining, Work::log));
  const WalkResult ring = table.walk(peer_walk("mpsc", Situation::draining, Work::deliver));
  numbers.criteria.push_back(blocked_at("a logger with one mutex: others cannot log", mutex, 50, false));
  numbers.criteria.push_back(blocked_at("a shared ring: what others log is not delivered", ring, 50, false));
  walk_incumbent(table, numbers);
  progress_done();
  return numbers;
}

}  // namespace dlt::bench
