#include "harness/suspended_process.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "dlt/proto/control.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/suspended_logger.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds answer_limit{60};
constexpr double silence_s = 10;  // nothing new for so long: the rest will not come

bool is_control(const std::string& logger) { return logger == "mutex" || logger == "mpsc"; }

SuspendPlan plan_of(const Walk& walk) {
  SuspendPlan plan;
  plan.logger = walk.logger;
  plan.run = next_run_id();
  plan.peer = name(walk.work);
  plan.fill = queue_is_full(walk.situation);
  plan.first_call = walk.situation == Situation::first_call;
  plan.wait_connected = walk.situation != Situation::absent;
  if (!daemon_listens(walk.situation)) plan.exit_flush_ms = 20;
  if (walk.situation == Situation::reconnecting) plan.exit_flush_ms = 20;
  if (walk.situation == Situation::chunk_change) plan.buffer_capacity = 8, plan.calls = 2;
  // By what has arrived then, exit is judged; where chunks hold one message some would be overwritten before.
  if (walk.situation == Situation::chunk_change && walk.work == Work::exit) plan.overflow_mode = 1;
  if (plan.fill) plan.buffer_capacity = 8, plan.payload = 700, plan.timeout_ms = 5;
  if (walk.situation == Situation::full_drop) plan.overflow_mode = 1;
  if (walk.situation == Situation::full_block) plan.overflow_mode = 2;
  return plan;
}

}  // namespace

void SuspensionScene::need(const Walk& walk) {
  covesa.reset();  // always a fresh one: what it holds of an earlier walk would be met by this one
  if (is_control(walk.logger) || walk.situation == Situation::absent) return;
  if (walk.logger == "covesa") {
    const auto program = CovesaDaemon::find();
    if (!program) throw BenchError("the incumbent's daemon is not installed");
    covesa.emplace(*program);
  } else if (!daemon) {
    daemon.emplace(Daemon::start(Store::none, true));
  }
  if (walk.situation == Situation::reconnecting && !relay)
    relay.emplace(static_cast<std::uint16_t>(std::stoi(daemon->tcp_address().substr(sizeof "tcp:127.0.0.1:" - 1))));
}

std::string SuspensionScene::address(const Walk& walk) const {
  if (walk.situation == Situation::absent || !daemon) return "unix:" + (scratch.path() / "nobody.sock").string();
  return walk.situation == Situation::reconnecting ? relay->address() : daemon->unix_address();
}

void SuspensionScene::signal_daemon(int number) const { ::kill(covesa ? covesa->pid() : daemon->pid(), number); }

// ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────

SuspendedProcess::SuspendedProcess(SuspensionScene& scene, const Walk& walk)
    : scene_(scene), walk_(walk), plan_(plan_of(walk)) {
  plan_.board = board_.path();
  scene.need(walk);
  plan_.address = scene.address(walk);
  if (scene.relay) scene.relay->open();
  const bool dlt = !is_control(walk.logger);
  if (dlt && walk.situation != Situation::absent)
    arrivals_.emplace(scene.client_port(), plan_.run, first_child + most_children, plan_.payload);
  std::vector<std::pair<std::string, std::string>> environment;
  if (walk.logger == "covesa")
    environment.emplace_back("DLT_PIPE_DIR", scene.covesa ? scene.covesa->directory() : scene.scratch.path().string());
  child_.emplace(start_worker("suspend", to_wire(plan_), std::move(environment)));
  (void)child_->receive(answer_limit);  // ready
  if (plan_.fill) scene.signal_daemon(SIGSTOP);
  child_->send("prepare");
  (void)child_->receive(answer_limit);
  if (listens() && !plan_.first_call) {
    // What was logged so far must not be what is found delivered later, nor get lost when the daemon goes.
    const double deadline = now_s() + silence_s;
    while (delivered(free_producer) == 0 && now_s() < deadline) ::poll(nullptr, 0, 1);
  }
  if (walk.situation == Situation::reconnecting) scene.relay->shut();
}

void SuspendedProcess::begin() {
  std::ifstream maps("/proc/" + std::to_string(child_->pid()) + "/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("[vdso]") != std::string::npos)
      std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &vdso_begin_, &vdso_end_);
  thread_.emplace(board_->threads[held_producer].load());
  raise(board_->begin, 1);
  if (!thread_->run_to_breakpoint(answer_limit)) throw BenchError("the thread to be held did not begin");
}

// A clock in the vdso reads its values again when they changed meanwhile: held there each time, it would never end.
bool SuspendedProcess::wanted(std::uint64_t instruction) {
  if (instruction % walk_.stride != 0) return false;
  const std::uint64_t at = thread_->at();
  const bool clock = at >= vdso_begin_ && at < vdso_end_;
  const unsigned limit = clock ? 1 : walk_.per_address;
  return limit == 0 || visits_[at]++ < limit;
}

void SuspendedProcess::step_through(WalkResult& result) {
  for (; !thread_->at_breakpoint(); thread_->step(), ++result.instructions) {
    if (!wanted(result.instructions)) continue;
    hold(result, result.instructions);
    if (lost_ || (walk_.enough != 0 && result.blocked >= walk_.enough)) return;
  }
  if (!thread_->run_to_breakpoint(answer_limit)) throw BenchError("the held thread did not go on");
  thread_.reset();
  result.complete = await(board_->passed, 1, answer_limit) && await(board_->done, asked_, answer_limit);
}

bool SuspendedProcess::advance(std::uint64_t instructions) {
  for (std::uint64_t i = 0; i < instructions && !thread_->at_breakpoint(); ++i) thread_->step();
  return !thread_->at_breakpoint();
}

WalkResult SuspendedProcess::exit_here(std::uint64_t instruction) {
  WalkResult result;
  result.held = 1;
  const double begin = now_s();
  ask();
  bool ended = false;
  for (bool reaped = false; !ended && now_s() - begin < walk_.patience.count(); ::poll(nullptr, 0, 1)) {
    reaped = reaped || thread_->ended();
    ended = reaped && child_->ended().has_value();
  }
  judge(ended, now_s() - begin, result, instruction);
  if (!ended) return result;
  if (*child_->ended() != 0) result.faults.push_back("it ended by " + describe_status(*child_->ended()));
  // Whatever was logged before must be there; the held call's message may be.
  if (!listens() || walk_.situation == Situation::reconnecting) return result;
  result.offered = board_->tallies[held_producer].taken + board_->tallies[free_producer].taken;
  const bool all = arrivals_->await(result.offered, silence_s);
  result.delivered = arrivals_->delivered();
  if (!all)
    result.faults.push_back("exit lost messages: " + std::to_string(result.delivered) + " of " +
                            std::to_string(result.offered) + " arrived");
  return result;
}

WalkResult SuspendedProcess::interrupt_here(std::uint64_t instruction) {
  WalkResult result;
  hold(result, instruction);
  if (lost_) return result;
  if (!thread_->run_to_breakpoint(answer_limit)) throw BenchError("the held thread did not go on");
  thread_.reset();
  result.complete = await(board_->passed, 1, answer_limit);
  close_books(result);
  return result;
}

// ── at one instruction ───────────────────────────────────────────────────────────────────────────────────────────────

void SuspendedProcess::hold(WalkResult& result, std::uint64_t instruction) {
  ++result.held;
  const double begin = now_s();
  if (walk_.work == Work::signal) {
    const bool returned = thread_->interrupt(SIGUSR1, walk_.patience);
    judge(returned, now_s() - begin, result, instruction);
    lost_ = !returned;
    return;
  }
  if (finished()) ask();  // else what was asked at an earlier instruction is still waiting for this thread
  judge(work_done(), now_s() - begin, result, instruction);
}

void SuspendedProcess::ask() {
  if (walk_.situation == Situation::reconnecting && (walk_.work == Work::deliver || walk_.work == Work::ctl))
    scene_.relay->shut();
  if (walk_.work == Work::ctl) board_->wanted_level = level_ = 9 - level_;  // info and debug in turn
  raise(board_->asked, ++asked_);
  if (walk_.situation == Situation::reconnecting && walk_.work != Work::log && walk_.work != Work::exit &&
      walk_.work != Work::fork && walk_.work != Work::signal)
    scene_.relay->open();
}

bool SuspendedProcess::finished() const {
  if (board_->done.load(std::memory_order_acquire) < asked_) return false;
  return walk_.work != Work::deliver ||
         delivered(free_producer) >= board_->tallies[free_producer].calls.load(std::memory_order_acquire);
}

bool SuspendedProcess::work_done() {
  const double deadline = now_s() + walk_.patience.count();
  double next_request = 0;
  for (unsigned tries = 0;; ++tries) {
    if (finished()) return true;
    if (now_s() > deadline) return false;
    if (walk_.work == Work::ctl && now_s() > next_request) {
      request_level();  // again now and then: while it reconnects the daemon does not know the application
      next_request = now_s() + 0.02;
    }
    if (board_->done.load(std::memory_order_acquire) < asked_) (void)await(board_->done, asked_, Seconds(0.002));
    else if (tries < 200) ::sched_yield();
    else ::poll(nullptr, 0, 1);
  }
}

void SuspendedProcess::request_level() {
  const proto::control::SetLogLevel request{AppId(std::string_view(plan_.run)), ContextId("FREE"),
                                            static_cast<std::int8_t>(level_)};
  arrivals_->send(*proto::control::frame(request, {}));
}

void SuspendedProcess::judge(bool good, double seconds, WalkResult& result, std::uint64_t instruction) {
  if (good && seconds > walk_.soon.count()) ++result.late;
  if (good) return;
  constexpr std::size_t told = 8;
  ++result.blocked;
  if (result.where.size() < told) result.where.push_back("#" + std::to_string(instruction) + " " + place());
}

std::uint64_t SuspendedProcess::delivered(unsigned producer) const {
  return arrivals_ ? arrivals_->next(producer) : board_->delivered[producer].load(std::memory_order_acquire);
}

std::string SuspendedProcess::place() const {
  std::uint64_t at = 0;
  try {
    at = thread_->at();
  } catch (const BenchError&) {
    return "running";
  }
  std::ifstream maps("/proc/" + std::to_string(child_->pid()) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream in(line);
    std::uint64_t from = 0, to = 0, offset = 0;
    char dash = 0;
    std::string rights, device, inode, file;
    in >> std::hex >> from >> dash >> to >> rights >> offset >> device >> inode >> file;
    if (at < from || at >= to) continue;
    std::ostringstream out;
    out << file.substr(file.rfind('/') + 1) << "+0x" << std::hex << at - from + offset;
    return out.str();
  }
  return "somewhere";
}

// ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────

SuspendedProcess::~SuspendedProcess() { wake_daemon(); }

void SuspendedProcess::wake_daemon() {
  if (scene_.relay) scene_.relay->open();
  if (plan_.fill && arrivals_) scene_.signal_daemon(SIGCONT);
}

void SuspendedProcess::close_books(WalkResult& result) {
  wake_daemon();
  if (!result.complete || walk_.logger == "covesa") return;
  child_->send(walk_.situation == Situation::absent ? "books 0" : "books 30");
  result.books = from_wire<LoggerBooks>(child_->receive(answer_limit));
  count(result);
  compare(result);
}

void SuspendedProcess::count(WalkResult& result) {
  for (const unsigned p : {held_producer, free_producer, handler_producer}) result.offered += board_->tallies[p].calls;
  result.handlers = board_->tallies[handler_producer].calls;
  result.handlers_refused = result.handlers - board_->tallies[handler_producer].taken;
  if (walk_.work == Work::fork) result.children = asked_ - board_->forks_failed;
  const std::uint64_t expected = result.books.accepted - result.books.dropped_total() - result.books.queued;
  if (!arrivals_) {
    if (walk_.situation != Situation::absent) result.delivered = expected;  // by its own thread's count
    else if (expected != 0) result.faults.emplace_back("messages were delivered to nobody");
    return;
  }
  const bool children_arrive = listens() && walk_.situation != Situation::reconnecting;
  (void)arrivals_->await(expected + (children_arrive ? result.children : 0), silence_s);
  for (auto& fault : arrivals_->faults()) result.faults.push_back(std::move(fault));
  const auto& producers = arrivals_->ledger().producers();
  for (std::size_t i = 0; i < first_child; ++i) result.delivered += producers[i].delivered;
  for (std::size_t i = first_child; i < producers.size(); ++i) result.children_delivered += producers[i].delivered;
  if (children_arrive && result.children_delivered != result.children)
    result.faults.push_back("of " + std::to_string(result.children) + " forked children's messages " +
                            std::to_string(result.children_delivered) + " arrived");
}

void SuspendedProcess::compare(WalkResult& result) {
  const LoggerBooks& b = result.books;
  const auto fault = [&](bool is, const std::string& text) {
    if (is) result.faults.push_back(text);
  };
  result.unaccounted = static_cast<std::int64_t>(b.accepted) - static_cast<std::int64_t>(result.delivered) -
                       static_cast<std::int64_t>(b.dropped_total()) - static_cast<std::int64_t>(b.queued);
  fault(result.unaccounted != 0, std::to_string(result.unaccounted) + " messages unaccounted for");
  fault(result.offered != b.accepted,
        std::to_string(result.offered) + " offered, " + std::to_string(b.accepted) + " in the logger's books");
  fault(!b.closes, "the logger's own books do not close");
  fault(board_->forks_failed != 0, std::to_string(board_->forks_failed) + " children could not log");
  const auto nested = b.dropped.find("nested");
  const std::uint64_t counted = nested == b.dropped.end() ? 0 : nested->second;
  if (walk_.work == Work::signal && walk_.situation != Situation::full_drop && walk_.situation != Situation::full_block)
    fault(counted != result.handlers_refused,
          std::to_string(result.handlers_refused) + " handlers were refused, " + std::to_string(counted) + " counted");
}

}  // namespace dlt::bench
