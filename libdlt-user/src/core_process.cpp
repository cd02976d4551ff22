// The one core of a process: who makes it, what a forked child does with its parent's, and how it makes its own.
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <new>
#include <string>

#include "complain.hpp"
#include "core.hpp"
#include "thread_state.hpp"

namespace dlt::detail {

namespace {

std::atomic<Core*> current{nullptr};         // sync: core, released by start_process and revive
std::mutex start_mutex;                      // starts of this process
std::atomic<const Options*> last_options{};  // of the last start, for a forked child; never freed, it may be read
std::atomic<bool> forked{false};
// In a forked child, whose session is made by its first log call or by dlt::start, whichever comes first. over: it has
// one, or its first log call could not make it.
enum class Revival : std::uint8_t { none, going_on, over };
std::atomic<Revival> revival{Revival::none};  // sync: revival
std::atomic<std::uint64_t> early{0};          // log calls of a child while another of its threads was reviving

void remember(const Options& options) {
  const Options* before = last_options.load(std::memory_order_relaxed);
  if (before != nullptr && *before == options) return;
  last_options.store(new Options(options), std::memory_order_release);
}

void end_at_exit() {
  if (Core* core = Core::get()) core->end();
}

// In a forked child: no log call makes a session meanwhile. One that is being made is waited for.
class NoRevival {
 public:
  NoRevival() noexcept {
    if (!forked.load(std::memory_order_acquire)) return;
    for (;;) {
      Revival seen = Revival::none;
      is_mine_ = revival.compare_exchange_strong(seen, Revival::going_on, std::memory_order_acq_rel);
      if (is_mine_ || seen == Revival::over) return;
      revival.wait(Revival::going_on, std::memory_order_acquire);  // sync: revival
    }
  }
  ~NoRevival() {
    if (!is_mine_) return;
    revival.store(Core::get() != nullptr ? Revival::over : Revival::none, std::memory_order_release);
  }
  NoRevival(const NoRevival&) = delete;
  NoRevival& operator=(const NoRevival&) = delete;

 private:
  bool is_mine_ = false;
};

std::error_code no_memory() noexcept { return std::make_error_code(std::errc::not_enough_memory); }

}  // namespace

Core* Core::get() noexcept { return current.load(std::memory_order_acquire); }  // sync: core

// The child has the parent's memory but none of its threads. Arena and connection are the parent's: the child lets go
// of them here, else the daemon would not see the end of a parent that dies first.
void Core::after_fork_in_child() noexcept {
  new (&start_mutex) std::mutex;  // another thread may have been inside
  forget_thread();
  forget_sender_thread();
  stamp_clock.line.store(nullptr, std::memory_order_release);  // the parent's is not kept right here
  Resolver::after_fork_in_child();
  revival.store(Revival::none, std::memory_order_relaxed);
  Core* parents = current.exchange(nullptr, std::memory_order_acq_rel);
  if (parents == nullptr) return;
  parents->abandon_in_child();
  contexts().after_fork_in_child(static_cast<std::uint32_t>(getpid()));
  forked.store(true, std::memory_order_release);
}

void Core::abandon_in_child() noexcept {
  arena_.abandon_in_child();
  recorder_.abandon_in_child();
  for (std::uint32_t i = 0; i < sender_count_; ++i) doorbells_[i].abandon_in_child();
  if (!running_.load(std::memory_order_relaxed)) return;
  uplink_->abandon_in_child();
  shared_->stop_deadline.store(0, std::memory_order_relaxed);
  shared_->stop.store(true, std::memory_order_release);  // a callback forked: its thread must not go on as a sender
}

void Core::prepare_process() {
  static const bool done = [] {
    pthread_atfork(nullptr, nullptr, &Core::after_fork_in_child);
    std::atexit(end_at_exit);
    return true;
  }();
  (void)done;
}

std::error_code Core::start_process(const Options& options) {
  try {
    if (const std::string wrong = options.check(); !wrong.empty()) {
      complain("dlt::start: " + wrong);
      return make_error_code(Errc::invalid_argument);
    }
    // A callback: the session that it belongs to ends when this thread does, for which those who start and end wait.
    if (on_sender_thread()) return make_error_code(Errc::already_started);
    const std::lock_guard lock(start_mutex);
    prepare_process();
    const NoRevival only_here;
    if (Core* core = get()) {
      const std::lock_guard lifecycle(core->lifecycle_);
      if (core->running_ && !core->shared_->stop) return make_error_code(Errc::already_started);
      core->finish();
      remember(options);
      if (const auto error = core->open(options)) return error;
      return core->run();
    }
    auto core = std::make_unique<Core>();
    const std::lock_guard lifecycle(core->lifecycle_);
    remember(options);
    if (const auto error = core->open(options)) return error;
    current.store(core.get(), std::memory_order_release);  // sync: core
    core->count_those_before();
    return core.release()->run();
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

Core* Core::revive() noexcept {
  if (!forked.load(std::memory_order_acquire)) return get();
  Revival none = Revival::none;
  if (!revival.compare_exchange_strong(none, Revival::going_on, std::memory_order_acq_rel))
    return get();  // another thread is at it, or it failed
  Core* core = make_again();
  revival.store(Revival::over, std::memory_order_release);  // sync: revival
  revival.notify_all();
  return core;
}

Core* Core::make_again() noexcept {
  try {
    auto core = std::make_unique<Core>();
    const std::lock_guard lifecycle(core->lifecycle_);
    if (core->open(*last_options.load(std::memory_order_acquire))) return nullptr;
    if (core->run()) return nullptr;
    current.store(core.get(), std::memory_order_release);  // sync: core
    core->count_those_before();
    return core.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Core::count_those_before() noexcept {
  homeless_->full.fetch_add(early.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
}

void Core::count_early() noexcept {
  if (!forked.load(std::memory_order_relaxed)) return;
  if (Core* core = get()) core->homeless_->full.fetch_add(1, std::memory_order_relaxed);
  else early.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace dlt::detail
