#include "harness/suspension.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "harness/clock.hpp"
#include "harness/suspended_process.hpp"

namespace dlt::bench {
namespace {

constexpr std::array<const char*, 8> situations{"draining",  "full, overwrite", "full, drop",   "full, block",
                                                "no daemon", "first call",      "chunk change", "reconnecting"};
constexpr std::array<const char*, 7> works{"log", "deliver", "reg", "ctl", "fork", "signal", "exit"};

void add(WalkResult& all, WalkResult one) {
  all.held += one.held, all.blocked += one.blocked, all.late += one.late;
  all.offered += one.offered, all.delivered += one.delivered, all.unaccounted += one.unaccounted;
  all.handlers += one.handlers, all.handlers_refused += one.handlers_refused;
  all.books.accepted += one.books.accepted, all.books.queued += one.books.queued;
  for (const auto& [cause, n] : one.books.dropped) all.books.dropped[cause] += n;
  std::move(one.where.begin(), one.where.end(), std::back_inserter(all.where));
  std::move(one.faults.begin(), one.faults.end(), std::back_inserter(all.faults));
}

// What can happen only once in a process takes a fresh process for each instruction.
bool once_a_process(const Walk& walk) {
  return walk.work == Work::exit || (walk.work == Work::signal && walk.situation == Situation::first_call);
}

WalkResult walk_in_many(SuspensionScene& scene, const Walk& walk) {
  WalkResult result;
  for (std::uint64_t at = 0; walk.enough == 0 || result.blocked < walk.enough; at += walk.stride) {
    SuspendedProcess process(scene, walk);
    process.begin();
    result.complete = !process.advance(at);
    if (result.complete) break;
    result.instructions = at + 1;
    add(result, walk.work == Work::exit ? process.exit_here(at) : process.interrupt_here(at));
  }
  return result;
}

}  // namespace

const char* name(Situation situation) noexcept { return situations[static_cast<std::size_t>(situation)]; }
const char* name(Work work) noexcept { return works[static_cast<std::size_t>(work)]; }

bool queue_is_full(Situation s) noexcept {
  return s == Situation::full_overwrite || s == Situation::full_drop || s == Situation::full_block;
}
bool daemon_listens(Situation s) noexcept { return !queue_is_full(s) && s != Situation::absent; }
bool possible(Situation situation, Work work) noexcept {
  return daemon_listens(situation) || (work != Work::deliver && work != Work::ctl);
}

Suspender::Suspender() : scene_(std::make_unique<SuspensionScene>()) {}
Suspender::~Suspender() = default;

WalkResult Suspender::walk(const Walk& walk) {
  const double begin = now_s();
  WalkResult result;
  if (once_a_process(walk)) {
    result = walk_in_many(*scene_, walk);
  } else {
    SuspendedProcess process(*scene_, walk);
    process.begin();
    process.step_through(result);
    process.close_books(result);
  }
  result.seconds = now_s() - begin;
  return result;
}

}  // namespace dlt::bench
