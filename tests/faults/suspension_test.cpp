// A thread is held at every instruction of its log call: whatever the others want to do then, they can. The walks are
// dlt-bench's, whose case suspend-every shows the same as a table.
#include <catch2/catch.hpp>

// The benchmark can be left out of a build; then its harness is not there.
#ifdef DLT_BENCH_PROGRAM

#include <algorithm>
#include <iostream>

#include "harness/held_thread.hpp"
#include "harness/suspension.hpp"
#include "harness/worker.hpp"
#include "support/skip.hpp"

namespace dlt::bench {
namespace {

// Under a sanitizer its runtime, with its locks, would be part of what is stepped through.
bool skipped() {
  if (can_hold_threads()) return false;
  test::skip("threads are not held in this build");
  return true;
}

WalkResult walk_and_tell(Suspender& suspender, const Walk& walk) {
  const WalkResult r = suspender.walk(walk);
  std::cout << walk.logger << ", " << name(walk.situation) << ", " << name(walk.work) << ": " << r.instructions
            << " instructions, held at " << r.held << ", blocked at " << r.blocked << ", late " << r.late;
  if (r.handlers != 0) std::cout << ", handlers refused " << r.handlers_refused << " of " << r.handlers;
  if (r.children != 0) std::cout << ", children " << r.children;
  std::cout << ", " << r.seconds << " s" << std::endl;
  return r;
}

constexpr Work all_works[] = {Work::log, Work::deliver, Work::reg, Work::ctl, Work::fork, Work::signal, Work::exit};

// Roughly how many instructions the call has there; for the steps of what takes long at each.
unsigned usual_length(Situation s) {
  switch (s) {
    case Situation::draining: return 110;
    case Situation::full_overwrite: return 620;
    case Situation::full_drop: return 160;
    case Situation::full_block: return 4300;
    case Situation::absent: return 200;
    case Situation::first_call: return 4600;
    case Situation::chunk_change: return 840;
    case Situation::reconnecting: return 110;
  }
  return 1;
}

bool takes_a_process_each(Situation situation, Work work) {
  return work == Work::fork || work == Work::exit || (work == Work::signal && situation == Situation::first_call);
}

// Everything that is cheap is done at every instruction (of the loops, each place three times).
Walk quick(Situation situation, Work work) {
  Walk walk;
  walk.situation = situation;
  walk.work = work;
  walk.per_address = situation == Situation::full_block ? 3 : 0;
  const bool waits_for_daemon = situation == Situation::reconnecting && (work == Work::deliver || work == Work::ctl);
  if (takes_a_process_each(situation, work) || waits_for_daemon)
    walk.stride = std::max(1U, usual_length(situation) / 12);
  if (work == Work::exit && queue_is_full(situation)) walk.stride *= 3;  // each time it must be filled first
  return walk;
}

Walk thorough(Situation situation, Work work) {
  Walk walk;
  walk.situation = situation;
  walk.work = work;
  return walk;
}

void check(const Walk& walk, const WalkResult& r) {
  std::string told;
  for (const auto& line : r.where) told += "\n  blocked at " + line;
  for (const auto& line : r.faults) told += "\n  " + line;
  INFO(name(walk.situation) << ", " << name(walk.work) << told);
  CHECK(r.blocked == 0);
  CHECK(r.complete);
  CHECK(r.held != 0);
  CHECK(r.unaccounted == 0);
  CHECK(r.faults.empty());
  if (walk.work == Work::signal) CHECK(r.handlers == r.held);  // each came back
}

void nobody_waits(Situation situation, Walk (*walk_for)(Situation, Work)) {
  if (skipped()) return;
  set_worker_program(DLT_BENCH_PROGRAM);
  Suspender suspender;
  for (const Work work : all_works) {
    if (!possible(situation, work)) continue;
    const Walk walk = walk_for(situation, work);
    check(walk, walk_and_tell(suspender, walk));
  }
}

}  // namespace

TEST_CASE("suspended in a log call: nobody waits while a daemon reads", "[suspension]") {
  nobody_waits(Situation::draining, quick);
}
TEST_CASE("suspended in a log call: nobody waits while the queue is full, by any overflow mode", "[suspension]") {
  nobody_waits(GENERATE(Situation::full_overwrite, Situation::full_drop, Situation::full_block), quick);
}
TEST_CASE("suspended in a log call: nobody waits while there is no daemon", "[suspension]") {
  nobody_waits(Situation::absent, quick);
}
TEST_CASE("suspended in a log call: nobody waits while it is the thread's first", "[suspension]") {
  nobody_waits(Situation::first_call, quick);
}
TEST_CASE("suspended in a log call: nobody waits while it changes the chunk", "[suspension]") {
  nobody_waits(Situation::chunk_change, quick);
}
TEST_CASE("suspended in a log call: nobody waits while the daemon comes and goes", "[suspension]") {
  nobody_waits(Situation::reconnecting, quick);
}

// At every instruction: a case each, so that they run beside each other. Some 5,000 processes end in the longest of
// them.
TEST_CASE("suspended at any instruction at all: a daemon reads", "[suspension][long]") {
  nobody_waits(Situation::draining, thorough);
}
TEST_CASE("suspended at any instruction at all: the queue is full and overwrites", "[suspension][long]") {
  nobody_waits(Situation::full_overwrite, thorough);
}
TEST_CASE("suspended at any instruction at all: the queue is full and drops", "[suspension][long]") {
  nobody_waits(Situation::full_drop, thorough);
}
TEST_CASE("suspended at any instruction at all: the queue is full and calls wait", "[suspension][long]") {
  nobody_waits(Situation::full_block, thorough);
}
TEST_CASE("suspended at any instruction at all: no daemon", "[suspension][long]") {
  nobody_waits(Situation::absent, thorough);
}
TEST_CASE("suspended at any instruction at all: the thread's first call", "[suspension][long]") {
  nobody_waits(Situation::first_call, thorough);
}
TEST_CASE("suspended at any instruction at all: the chunk changes", "[suspension][long]") {
  nobody_waits(Situation::chunk_change, thorough);
}
TEST_CASE("suspended at any instruction at all: the daemon comes and goes", "[suspension][long]") {
  nobody_waits(Situation::reconnecting, thorough);
}

// What others do meanwhile must not make the call longer than twice what it is by itself: nobody retries for ever.
TEST_CASE("suspended in a log call: being held does not make the call longer", "[suspension]") {
  if (skipped()) return;
  set_worker_program(DLT_BENCH_PROGRAM);
  Suspender suspender;
  const auto situation = GENERATE(Situation::draining, Situation::full_overwrite, Situation::chunk_change);
  Walk alone;
  alone.situation = situation;
  alone.stride = ~0U;
  Walk disturbed = alone;
  disturbed.stride = 1;

  const WalkResult by_itself = suspender.walk(alone);
  const WalkResult held = suspender.walk(disturbed);

  INFO(name(situation));
  CHECK(held.instructions <= 2 * by_itself.instructions);
}

// Controls: loggers that must be seen to block. A busy machine only makes them block at more instructions.
TEST_CASE("suspended in a log call: a logger with one mutex blocks the others", "[suspension]") {
  if (skipped()) return;
  set_worker_program(DLT_BENCH_PROGRAM);
  Suspender suspender;
  Walk walk;
  walk.logger = "mutex";
  walk.enough = 0;
  walk.patience = Seconds(0.01);

  const WalkResult r = walk_and_tell(suspender, walk);

  CHECK(r.complete);
  CHECK(r.blocked * 2 > r.held);
}

TEST_CASE("suspended in a log call: a shared ring lets others log but holds up what they logged", "[suspension]") {
  if (skipped()) return;
  set_worker_program(DLT_BENCH_PROGRAM);
  Suspender suspender;
  Walk log;
  log.logger = "mpsc";
  Walk deliver = log;
  deliver.work = Work::deliver;
  deliver.enough = 0;
  deliver.patience = Seconds(0.01);

  const WalkResult logged = walk_and_tell(suspender, log);
  const WalkResult delivered = walk_and_tell(suspender, deliver);

  CHECK(logged.blocked == 0);
  CHECK(delivered.complete);
  CHECK(delivered.blocked * 2 > delivered.held);
}

}  // namespace dlt::bench

#endif
