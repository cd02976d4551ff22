// The process of which a thread is held. It has that thread, one that stays free and does what the board asks, and the
// logger's own. The held thread's calls lie between two breakpoints; nobody but the tracer gets past those.
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/suspended_logger.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds for_ever{3600};

SuspendedLogger* the_logger = nullptr;  // for the signal handler
Board* the_board = nullptr;

void breakpoint() noexcept {
#if defined(__x86_64__)
  asm volatile("int3" ::: "memory");
#endif
}

std::int32_t kernel_id() noexcept { return static_cast<std::int32_t>(::syscall(SYS_gettid)); }

// Sequence numbers are the tally's: one thread, or one handler, per producer.
bool log_one(unsigned producer) noexcept {
  Tally& tally = the_board->tallies[producer];
  const bool taken = the_logger->log(producer, tally.calls.load(std::memory_order_relaxed));
  tally.count(taken);
  return taken;
}

void on_signal(int) {
  (void)log_one(handler_producer);
  breakpoint();
}

void install_handler() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGUSR1, &action, nullptr);
}

class Suspension {
 public:
  explicit Suspension(const SuspendPlan& plan) : plan_(plan), board_(plan.board) {
    logger_ = make_suspended_logger(plan, *board_);
    the_logger = logger_.get();
    the_board = &*board_;
    install_handler();
  }
  ~Suspension() { std::_Exit(0); }  // the threads never end by themselves
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  void wait_connected() {
    const double deadline = now_s() + 10;
    while (plan_.wait_connected && !logger_->connected()) {
      if (now_s() > deadline) throw BenchError("the library found no daemon within 10 s");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void start_threads() {
    if (plan_.threads != 0) {
      for (unsigned i = 0; i < plan_.threads; ++i) std::thread([this, i] { log_flat_out(i); }).detach();
      return;
    }
    std::thread([this] { be_held(); }).detach();
    if (!plan_.first_call || plan_.fill) prepared_.wait(false);
    std::thread([this] { be_free(); }).detach();
  }
  void wait_prepared() const {
    for (unsigned i = 0; i < std::max(plan_.threads, 2U); ++i)
      while (board_->threads[i].load() == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

  [[nodiscard]] bool connected() { return logger_->connected(); }
  [[nodiscard]] LoggerBooks books(double flush_s) {
    (void)logger_->flush(flush_s);
    return logger_->books();
  }

 private:
  // ── the held thread ──
  void be_held() {
    if (!plan_.first_call)
      for (int i = 0; i < 20; ++i) (void)log_one(held_producer);
    if (plan_.fill) fill();
    prepared_ = true;
    prepared_.notify_all();
    board_->threads[held_producer] = kernel_id();
    (void)await(board_->begin, 1, for_ever);
    walk();
    raise(board_->passed, 1);
    for (;;) ::pause();
  }
  [[gnu::noinline]] void walk() {
    const std::uint64_t first = board_->tallies[held_producer].calls.load();
    std::uint64_t taken = 0;
    breakpoint();
    for (unsigned i = 0; i < plan_.calls; ++i) taken += logger_->log(held_producer, first + i) ? 1U : 0U;
    breakpoint();
    for (unsigned i = 0; i < plan_.calls; ++i) board_->tallies[held_producer].count(i < taken);
  }
  // Until nothing more is handed over though there is something to hand over.
  void fill() {
    if (plan_.logger != "dlt") {
      for (int i = 0; i < 4000; ++i) (void)log_one(held_producer);
      return;
    }
    std::uint64_t handed_over = 0;
    double last_change = now_s();
    while (now_s() - last_change < 0.05) {
      for (int i = 0; i < 16; ++i) (void)log_one(held_producer);
      std::this_thread::sleep_for(std::chrono::microseconds(300));
      const LoggerBooks b = logger_->books();
      const std::uint64_t out = b.accepted - b.queued - b.dropped_total();
      if (out != handed_over) handed_over = out, last_change = now_s();
    }
  }

  // ── the free thread ──
  void be_free() {
    if (!plan_.first_call) (void)log_one(free_producer);
    if (plan_.fill)
      for (unsigned i = 0; i < 2 * plan_.buffer_capacity; ++i) (void)log_one(free_producer);
    board_->threads[free_producer] = kernel_id();
    for (std::uint32_t n = 1;; ++n) {
      (void)await(board_->asked, n, for_ever);
      act(n);
      raise(board_->done, n);
    }
  }
  void act(std::uint32_t n) {
    if (plan_.peer == "log" || plan_.peer == "deliver") (void)log_one(free_producer);
    else if (plan_.peer == "reg") (void)logger_->make_context(n, plan_.wait_connected && !plan_.fill);
    else if (plan_.peer == "ctl") logger_->await_level(board_->wanted_level);
    else if (plan_.peer == "fork") fork_one(n);
    else if (plan_.peer == "exit") std::exit(0);
  }
  void fork_one(std::uint32_t n) {
    const pid_t child = ::fork();
    if (child == 0) std::exit(logger_->log(first_child + n - 1, 0) ? 0 : 1);
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) board_->forks_failed.fetch_add(1);
  }

  // ── many threads ──
  void log_flat_out(unsigned i) {
    board_->threads[i] = kernel_id();
    (void)await(board_->begin, 1, for_ever);
    while (board_->stop.load(std::memory_order_relaxed) == 0) {
      if (board_->held_call[i].load(std::memory_order_acquire) != 0) {
        breakpoint();
        (void)log_one(i);
        breakpoint();
        board_->held_call[i].store(0, std::memory_order_release);
      }
      (void)log_one(i);
    }
    board_->passed.fetch_add(1);
  }

  const SuspendPlan plan_;
  BoardMemory board_;
  std::unique_ptr<SuspendedLogger> logger_;
  std::atomic<bool> prepared_{false};
};

}  // namespace

void suspend_worker(Channel& channel) {
  Suspension suspension(from_wire<SuspendPlan>(channel.expect(10)));
  suspension.wait_connected();
  channel.send("ready");
  // prepare | connected | books SECONDS, until the other side goes or kills us
  while (const auto line = channel.receive(3600)) {
    if (*line == "prepare") {
      suspension.start_threads();
      suspension.wait_prepared();
      channel.send("prepared");
    } else if (*line == "connected") {
      channel.send(suspension.connected() ? "1" : "0");
    } else if (line->rfind("books ", 0) == 0) {
      channel.send(to_wire(suspension.books(std::stod(line->substr(6)))));
    } else {
      return;
    }
  }
}

}  // namespace dlt::bench
