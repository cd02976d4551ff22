// A process whose flight recorder is on, logging standard messages from several threads; it ends when it is told, or
// in one of the ways in which processes die.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <dlt/dlt.hpp>
#include <exception>
#include <thread>

#include "harness/board.hpp"
#include "harness/connected.hpp"
#include "harness/dlt_logger.hpp"
#include "harness/message.hpp"
#include "harness/record_plan.hpp"
#include "harness/texts.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::chrono::milliseconds patience{60'000};
constexpr std::uint64_t sent_one_in = 4, wrong_one_in = 100;
constexpr int exit_code = 3;

Options options_of(const RecordPlan& plan) {
  Options options;
  options.app = AppId(std::string_view(plan.run));
  options.description = "dlt-bench records";
  options.address = plan.address;
  options.buffer.mode = plan.ending.empty() ? OverflowMode::block : OverflowMode::overwrite;
  options.buffer.timeout = patience;
  options.recorder_level = Level::verbose;
  options.recorder_bytes = plan.ring_bytes;
  options.recorder_rings = plan.threads;
  return options;
}

class Recorder {
 public:
  explicit Recorder(const RecordPlan& plan)
      : plan_(plan), texts_(Texts::fixed(plan.payload)), board_(plan.board), sent_(plan.threads) {
    auto session = dlt::start(options_of(plan));
    if (!session) throw BenchError("the library does not start: " + session.error().message());
    session_.emplace(std::move(*session));
    wait_connected(*session_);
    context_.emplace(ContextId("RECO"), "records");
  }

  void begin() {
    begin_ns_ = now_ns();
    for (unsigned t = 0; t < plan_.threads; ++t) threads_.emplace_back([this, t] { log(t); });
  }
  void join() {
    for (std::thread& t : threads_) t.join();
    threads_.clear();
  }
  // Of the first thread. Threads log on while the process ends.
  void wait_calls(std::uint64_t calls) {
    while (board_->tallies[plan_.first].taken.load(std::memory_order_acquire) < calls) std::this_thread::yield();
  }
  [[nodiscard]] SnapshotAnswered snapshot() {
    const std::uint64_t begin = now_ns();
    const Snapshot made = session_->snapshot("bench", patience);
    return {made.path, made.problem, now_ns() - begin};
  }
  [[nodiscard]] VisitResult stop() {
    stop_.store(true);
    join();
    VisitResult result;
    result.flushed = session_->flush(patience);
    result.begin_ns = begin_ns_, result.end_ns = now_ns();
    for (const std::uint64_t n : sent_) result.offered += n;
    result.books = books_of(session_->stats());
    result.usage = usage_of();
    return result;
  }
  [[noreturn]] void end() {
    board_->ends_ns.store(now_ns());
    if (plan_.ending == "segv") {
      ::signal(SIGSEGV, SIG_DFL);
      ::raise(SIGSEGV);
    }
    ::close(STDERR_FILENO);  // std::terminate has something to say
    if (plan_.ending == "abort") std::abort();
    if (plan_.ending == "terminate") std::terminate();
    ::_exit(exit_code);
  }

 private:
  void log(unsigned thread) {
    Tally& tally = board_->tallies[plan_.first + thread];
    auto& longest = board_->longest_ns[plan_.first + thread];
    for (std::uint64_t n = 0; plan_.messages == 0 ? !stop_.load(std::memory_order_relaxed) : n < plan_.messages; ++n) {
      const std::uint64_t begin = plan_.timed ? now_ns() : 0;
      call(thread, n);
      tally.count(true);
      if (plan_.timed)
        if (const std::uint64_t took = now_ns() - begin; took > longest.load(std::memory_order_relaxed))
          longest.store(took, std::memory_order_relaxed);
      if (plan_.pause_us != 0 && n % plan_.burst == plan_.burst - 1)
        std::this_thread::sleep_for(std::chrono::microseconds(plan_.pause_us));
    }
  }
  void call(unsigned thread, std::uint64_t n) {
    const bool wrong = plan_.logger != "dlt" && n % wrong_one_in == wrong_one_in - 1;
    const bool sent = plan_.messages == 0 && n % sent_one_in == 0;
    if (wrong && plan_.logger == "drops") return;
    std::string_view text = texts_.of(n);
    if (wrong && plan_.logger == "tears") text.remove_prefix(1);
    record(thread, n, text, sent);
    if (wrong && plan_.logger == "repeats") record(thread, n, text, sent);
  }
  void record(unsigned thread, std::uint64_t n, std::string_view text, bool sent) {
    if (sent) sent_[thread] += dlt::info(*context_, "{}{}{}", tag(thread, n), 0.0, text) ? 1U : 0U;
    else dlt::debug(*context_, "{}{}{}", tag(thread, n), 0.0, text);
  }

  const RecordPlan& plan_;
  Texts texts_;
  BoardMemory board_;
  std::vector<std::uint64_t> sent_;
  std::optional<Session> session_;
  std::optional<Context> context_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
  std::uint64_t begin_ns_ = 0;
};

}  // namespace

void record_worker(Channel& channel) {
  constexpr double patience_s = 600;
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const auto plan = Json::parse(channel.expect(60)).get<RecordPlan>();
  Recorder recorder(plan);
  channel.send("ready");
  (void)channel.expect(patience_s);  // go
  recorder.begin();
  if (plan.messages != 0) recorder.join();
  channel.send(plan.messages != 0 ? "logged" : "going");
  while (plan.ending == "kill") ::pause();
  if (!plan.ending.empty()) {
    recorder.wait_calls(plan.after);
    recorder.end();
  }
  for (;;) {
    const std::string what = channel.expect(patience_s);
    if (what == "snapshot") channel.send(Json(recorder.snapshot()).dump());
    else if (what == "stop") channel.send(to_wire(recorder.stop()));
    else return;
  }
}

}  // namespace dlt::bench
