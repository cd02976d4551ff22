#include "harness/suspended_threads.hpp"

#include <poll.h>

#include <algorithm>
#include <deque>
#include <random>

#include "harness/arrivals.hpp"
#include "harness/board.hpp"
#include "harness/clock.hpp"
#include "harness/daemon.hpp"
#include "harness/error.hpp"
#include "harness/held_thread.hpp"
#include "harness/measure.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds answer_limit{60};
constexpr double before_s = 0.3;            // all run freely
constexpr double silence_s = 10;            // nothing new for so long: the rest will not come
constexpr Seconds patience{10};             // so long without a message: a thread stands still
constexpr double shortest_stretch_s = 0.1;  // in less a thread may be without a CPU by nobody's fault
constexpr unsigned instructions_of_call = 70, of_mutex_call = 300;

void sleep_until(double at_s) {
  for (double left = at_s - now_s(); left > 0; left = at_s - now_s())
    ::poll(nullptr, 0, std::max(1, static_cast<int>(left * 1e3)));
}

class Threads {
 public:
  Threads(const Load& load, const std::string& logger, unsigned threads, Daemon* daemon)
      : threads_(threads), held_(threads), breakpoints_left_(threads) {
    plan_.logger = logger;
    plan_.run = next_run_id();
    plan_.board = board_.path();
    plan_.threads = threads;
    plan_.payload = load.payload.value_or(12);
    plan_.buffer_capacity = load.buffer.value_or(0);
    plan_.overflow_mode = 2;
    plan_.timeout_ms = 60'000;
    plan_.wait_connected = daemon != nullptr;
    if (daemon != nullptr) {
      plan_.address = daemon->unix_address();
      arrivals_.emplace(daemon->client_port(), plan_.run, threads, plan_.payload);
    }
    child_.emplace(start_worker("suspend", to_wire(plan_)));
    (void)child_->receive(answer_limit);
    child_->send("prepare");
    (void)child_->receive(answer_limit);
  }

  void let_run() { raise(board_->begin, 1); }
  // False: it does not come to its next call; it will be stopped there as soon as it does.
  bool stop(unsigned i, Seconds limit) {
    held_[i].emplace(board_->threads[i].load());
    board_->held_call[i].store(1, std::memory_order_release);
    if (board_->begin == 0) let_run();
    breakpoints_left_[i] = held_[i]->run_to_breakpoint(limit) ? 1 : 2;
    return breakpoints_left_[i] == 1;
  }
  void step(unsigned i, unsigned most) {
    for (unsigned s = 0; s < most && !held_[i]->at_breakpoint(); ++s) held_[i]->step();
  }
  // False: it waits for another thread; to be called again when that one goes on.
  bool let_go(unsigned i, Seconds limit) {
    while (breakpoints_left_[i] != 0 && held_[i]->run_to_breakpoint(limit)) --breakpoints_left_[i];
    if (breakpoints_left_[i] == 0) held_[i].reset();
    return breakpoints_left_[i] == 0;
  }
  void let_all_go() {
    for (unsigned round = 0; round < 2; ++round)  // the second one for those that waited for a later one
      for (unsigned i = 0; i < threads_; ++i)
        if (is_stopped(i) && !let_go(i, round == 0 ? Seconds(0.2) : answer_limit) && round != 0)
          throw BenchError("a thread that was stopped did not go on");
  }
  [[nodiscard]] bool is_stopped(unsigned i) const { return held_[i].has_value(); }
  [[nodiscard]] std::uint64_t taken(unsigned i) const { return board_->tallies[i].taken.load(); }
  [[nodiscard]] std::uint64_t taken_by_all() const {
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < threads_; ++i) sum += taken(i);
    return sum;
  }
  [[nodiscard]] bool await_delivery_of(unsigned i) const {
    const double deadline = now_s() + patience.count();
    while (arrivals_->next(i) == 0 && now_s() < deadline) ::poll(nullptr, 0, 1);
    return arrivals_->next(i) != 0;
  }
  [[nodiscard]] std::uint64_t delivered() const {
    if (arrivals_) return arrivals_->delivered();
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < threads_; ++i) sum += board_->delivered[i].load();
    return sum;
  }

  // Ends them and closes the books.
  [[nodiscard]] Sample finish(double begin_s);

 private:
  unsigned threads_;
  BoardMemory board_;
  SuspendPlan plan_;
  std::optional<Arrivals> arrivals_;
  std::optional<Child> child_;
  std::deque<std::optional<HeldThread>> held_;  // after the child: lets go before it is ended
  std::vector<unsigned> breakpoints_left_;      // in front of a thread that is stopped
};

Sample Threads::finish(double begin_s) {
  board_->stop = 1;
  for (const double deadline = now_s() + answer_limit.count(); board_->passed < threads_; ::poll(nullptr, 0, 1))
    if (now_s() > deadline) throw BenchError("the threads do not end");
  child_->send("books 30");
  const auto books = from_wire<LoggerBooks>(child_->receive(answer_limit));
  Sample s;
  for (unsigned i = 0; i < threads_; ++i) s.offered += board_->tallies[i].calls;
  s.accepted = books.accepted;
  for (const auto& [cause, n] : books.dropped)
    if (n != 0) s.dropped[cause] = n;
  const std::uint64_t expected = s.accepted - s.dropped_total();
  if (arrivals_) {
    (void)arrivals_->await(expected, silence_s);
    s.faults = arrivals_->faults();
    s.delivered_bytes = arrivals_->ledger().bytes();
  }
  s.delivered = arrivals_ ? arrivals_->delivered() : expected - books.queued;
  s.seconds = now_s() - begin_s;
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered) -
                  static_cast<std::int64_t>(s.dropped_total());
  if (s.unaccounted != 0) s.faults.push_back(std::to_string(s.unaccounted) + " messages unaccounted for");
  if (s.offered != s.accepted)
    s.faults.push_back(std::to_string(s.offered) + " offered, but " + std::to_string(s.accepted) + " accepted");
  if (!books.closes) s.faults.emplace_back("the logger's own books do not close");
  return s;
}

// What the threads that run have done from one change to the next.
class Watch {
 public:
  Watch(const Threads& threads, unsigned n) : threads_(threads), taken_(n), stood_still_(n) { start(); }

  void start() {
    begin_s_ = now_s();
    delivered_ = threads_.delivered();
    for (unsigned i = 0; i < taken_.size(); ++i) taken_[i] = threads_.taken(i);
  }
  // Before the next change. Whoever is to run is given `longest` to log something: a busy machine lets it wait.
  void stop(Seconds longest) {
    if (now_s() - begin_s_ < shortest_stretch_s) return;
    const double deadline = now_s() + longest.count();
    while (standing_still() != 0 && now_s() < deadline) ::poll(nullptr, 0, 1);
    for (unsigned i = 0; i < taken_.size(); ++i) {
      if (threads_.is_stopped(i)) continue;
      const std::uint64_t n = threads_.taken(i) - taken_[i];
      messages_ += n;
      if (n == 0) stood_still_[i] = true;
    }
    delivered_sum_ += threads_.delivered() - delivered_;
    seconds_ += now_s() - begin_s_;
  }
  [[nodiscard]] bool any() const noexcept { return seconds_ > 0; }
  void tell(StopResult& r) const {
    r.others_per_s = seconds_ > 0 ? static_cast<double>(messages_) / seconds_ : 0;
    r.delivered_per_s = seconds_ > 0 ? static_cast<double>(delivered_sum_) / seconds_ : 0;
    r.stood_still = static_cast<unsigned>(std::count(stood_still_.begin(), stood_still_.end(), true));
  }

 private:
  [[nodiscard]] unsigned standing_still() const {
    unsigned n = 0;
    for (unsigned i = 0; i < taken_.size(); ++i)
      n += !threads_.is_stopped(i) && threads_.taken(i) == taken_[i] ? 1U : 0U;
    return n;
  }

  const Threads& threads_;
  std::vector<std::uint64_t> taken_;
  std::vector<bool> stood_still_;
  double begin_s_ = 0, seconds_ = 0;
  std::uint64_t delivered_ = 0, messages_ = 0, delivered_sum_ = 0;
};

// All changes in the order of their times; a thread is let go before another is stopped at the same time.
struct Change {
  double at_s;
  bool stop;
  unsigned thread;
};
std::vector<Change> changes_of(const Stops& stops) {
  std::vector<Change> changes;
  for (const Stop& s : stops)
    changes.push_back({s.from_s, true, s.thread}), changes.push_back({s.until_s, false, s.thread});
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return a.at_s != b.at_s ? a.at_s < b.at_s : a.stop < b.stop;
  });
  return changes;
}

}  // namespace

StopResult run_with_stops(const Load& load, const std::string& logger, unsigned threads, const Stops& stops,
                          bool after_first_message) {
  std::optional<Daemon> daemon;
  if (logger == "dlt") daemon.emplace(Daemon::start(Store::none, false));
  Threads all(load, logger, threads, daemon ? &*daemon : nullptr);
  StopResult result;
  std::mt19937 random(1);
  std::uniform_int_distribution<unsigned> instruction(1, logger == "dlt" ? instructions_of_call : of_mutex_call);
  // Who waits for a lock never comes to a call in which it could be stopped.
  const Seconds limit = logger == "dlt" ? answer_limit : Seconds(0.2);
  const double begin = now_s();
  double start = begin;
  if (!after_first_message) {
    all.let_run();
    sleep_until(begin + before_s);
    start = now_s();
    result.before_per_s = static_cast<double>(all.taken_by_all()) / (start - begin);
  }
  Watch watch(all, threads);
  bool first_arrived = true;
  for (const Change& change : changes_of(stops)) {
    sleep_until(start + change.at_s);
    if (change.at_s > 0) watch.stop(logger == "dlt" ? patience : Seconds(0));
    if (!change.stop && after_first_message) first_arrived = all.await_delivery_of(change.thread);
    if (!change.stop) (void)all.let_go(change.thread, limit);
    else if (all.stop(change.thread, limit)) all.step(change.thread, after_first_message ? ~0U : instruction(random));
    else ++result.not_caught;
    watch.start();
    start = std::max(start, now_s() - change.at_s);  // what a stop takes is not taken from the time it lasts
  }
  watch.tell(result);
  all.let_all_go();
  result.sample = all.finish(begin);
  if (!watch.any()) result.sample.faults.emplace_back("the stops were too short to say anything of the other threads");
  if (!first_arrived)
    result.sample.faults.emplace_back("the message of the stopped thread was not delivered meanwhile");
  result.sample.extra = {{"before_msgs_per_s", result.before_per_s},
                         {"others_msgs_per_s", result.others_per_s},
                         {"delivered_meanwhile_msgs_per_s", result.delivered_per_s},
                         {"stood_still", result.stood_still},
                         {"not_caught", result.not_caught}};
  return result;
}

}  // namespace dlt::bench
