#include "core.hpp"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>

#include "atomic_writes.hpp"
#include "complain.hpp"
#include "futex.hpp"
#include "thread_state.hpp"

namespace dlt::detail {

namespace local = proto::local;

namespace {

// What contexts are told when they are made. Never freed: any thread may be reading it.
struct InitialLevels {
  AppId app;
  std::vector<LevelRule> rules;
};
std::atomic<const InitialLevels*> initial_levels{nullptr};

Level initial_level(ContextId id) noexcept {
  const InitialLevels& levels = *initial_levels.load(std::memory_order_acquire);
  Level level = Level::by_default;
  for (const LevelRule& r : levels.rules)
    if ((r.app.empty() || r.app == levels.app) && (r.context.empty() || r.context == id)) level = r.level;
  return level;
}

// Sessions that come and go with the same settings share what is never freed.
void remember(const AppId& app, const std::vector<LevelRule>& rules) {
  const InitialLevels* before = initial_levels.load(std::memory_order_relaxed);
  if (before != nullptr && before->app == app && before->rules == rules) return;
  initial_levels.store(new InitialLevels{app, rules}, std::memory_order_release);
}

// 0 where the kernel gives none: then a broken connection is not continued.
std::uint64_t random_number() noexcept {
  std::uint64_t n = 0;
  return getrandom(&n, sizeof n, GRND_NONBLOCK) == sizeof n ? n : 0;
}

}  // namespace

// ── start and end ────────────────────────────────────────────────────────────────────────────────────────────────────

std::error_code Core::open(const Options& options) {
  environment_ = apply_environment(options, [](const char* name) -> const char* { return std::getenv(name); });
  for (const std::string& c : environment_.complaints) complain(c);
  Options& o = environment_.options;
  // What is longer does not go through a FIFO in one piece; so it is cut, as what is too long always is.
  if (const auto a = Address::parse(o.address); a && a->kind == Address::Kind::fifo)
    o.max_message = std::min<std::uint32_t>(o.max_message, AtomicWrites::longest_frame);
  if (arena_.fd() < 0) {
    if (const auto error = arena_.open(o.arena_bytes)) return error;
    instance_ = random_number();
    for (std::uint32_t i = 0; i < o.senders; ++i)
      if (const auto error = doorbells_[i].open()) return error;
    buffer_count_ = o.buffer_count;
    sender_count_ = o.senders;
    max_message_ = o.max_message;
    homeless_ = arena_.books(0);
    homeless_->open(buffer_count_ - 1);
  } else {
    o.senders = sender_count_;
    o.buffer_count = buffer_count_;
    o.max_message = max_message_;
    o.buffers.resize(buffer_count_);
  }
  open_recorder(o);
  for (std::uint32_t i = 0; i < buffer_count_; ++i) {
    buffers_[i].set(o.buffers[i].value_or(o.buffer));
    arena_.set_mode(i, static_cast<std::uint64_t>(buffers_[i].options().mode));
  }
  return {};
}

std::error_code Core::run() {
  const Options& o = environment_.options;
  std::vector<Address> addresses;
  if (!o.address.empty()) addresses.push_back(*Address::parse(o.address));
  else addresses = default_addresses(std::getenv("XDG_RUNTIME_DIR"), environment_.pipe_directory);
  auto uplink = std::make_unique<Uplink>(std::move(addresses),
                                         Uplink::Identity{o.app, o.description, program_invocation_short_name,
                                                          static_cast<std::int32_t>(getpid()), instance_},
                                         arena_, *this, &recorder_);
  auto shared = std::make_shared<SenderShared>(
      queues_, *uplink, clock_, o.senders, o.batch_size, o.nap,
      [this](Link::Clock::time_point now) { housekeeping(now); },
      [this] { return contexts().changes() != seen_changes_.load(std::memory_order_relaxed) || desk_.has_news(); },
      [this] { return report(); }, [this] { return desk_.alarm(); });
  shared->others_running.store(o.senders - 1, std::memory_order_relaxed);
  remember(o.app, environment_.levels);
  senders_.clear();
  for (std::uint32_t i = 0; i < o.senders; ++i) senders_.push_back(std::make_unique<Sender>(i, doorbells_[i], *shared));
  {
    const std::lock_guard own(mutex_);
    uplink_ = std::move(uplink);
    shared_ = std::move(shared);
  }
  return start_senders();
}

// Levels first: what the daemon says about them must come after.
std::error_code Core::start_senders() {
  const Options& o = environment_.options;
  for (std::uint32_t i = 0; i < buffer_count_; ++i) buffers_[i].closed.store(false, std::memory_order_seq_cst);
  set_local_print(o.local_print);
  set_recording(o.recorder_level != Level::off);
  open_desk();
  contexts().start({EcuId{"ECU1"}, o.app, static_cast<std::uint32_t>(getpid())}, o.level, &initial_level,
                   o.recorder_level);
  running_.store(true, std::memory_order_seq_cst);
  for (const auto& s : senders_) {
    const auto error = s->start();
    if (!error) continue;
    shared_->others_running.store(0, std::memory_order_release);  // those that did start must not wait for the others
    stop_senders();
    finish();
    return error;
  }
  return {};
}

void Core::end() noexcept {
  // exit() in a callback comes here too: the process ends without waiting for this very thread.
  if (on_sender_thread()) return stop_senders();
  const std::lock_guard lifecycle(lifecycle_);
  if (!running_) return;
  stop_senders();
  finish();
}

// From here on nothing is accepted and nobody waits for room; the senders send what is queued and end.
void Core::stop_senders() noexcept {
  contexts().stop();
  set_recording(false);
  close_desk();
  for (std::uint32_t i = 0; i < buffer_count_; ++i) buffers_[i].closed.store(true, std::memory_order_seq_cst);
  queues_.for_each([](ThreadQueue& q) { q.release_blocked(); });
  if (shared_->stop.load(std::memory_order_relaxed)) return;
  const auto deadline = Link::Clock::now() + environment_.options.exit_flush;
  shared_->stop_deadline.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
  shared_->stop.store(true, std::memory_order_release);  // sync: stop
  for (std::uint32_t i = 0; i < sender_count_; ++i) doorbells_[i].ring_always();
}

void Core::finish() noexcept {
  if (!running_) return;
  for (const auto& s : senders_) s->join();
  signal_.restore();
  // From here on this thread is the sender.
  clock_.rest();
  try {
    queues_.for_each([](ThreadQueue& q) { q.discard_everything(); });
    farewell();
  } catch (const std::bad_alloc&) {  // the daemon sees the end of the connection; what is left counts as queued
    (void)uplink_->end({});
  }
  queues_.for_each([](ThreadQueue& q) { q.confirm_all(); });
  running_.store(false, std::memory_order_seq_cst);  // sync: flush
  shared_->rounds.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_all(shared_->rounds);
}

// Tells the daemon how it ended; waits a moment for a socket that is full.
void Core::farewell() {
  if (!connected) return (void)uplink_->end({});
  (void)report();
  uplink_->post(local::UnregisterApplication{environment_.options.app, static_cast<std::int32_t>(getpid())});
  if (uplink_->speaks(local::capability::batch)) uplink_->post(local::Bye{});
  const auto deadline = Link::Clock::now() + std::chrono::milliseconds(100);
  while (uplink_->flush() == Uplink::Flow::blocked && Link::Clock::now() < deadline)
    uplink_->wait_writable(std::chrono::milliseconds(10));
  if (uplink_->has_said_all()) reports_.said();
  else reports_.withdraw();
  const Link::Clock::duration limit(shared_->stop_deadline.load(std::memory_order_relaxed));
  if (uplink_->end(std::max(deadline, Link::Clock::time_point(limit)))) reports_.heard();
}

// ── observing and changing ───────────────────────────────────────────────────────────────────────────────────────────

namespace {

// Whether every queue has let go of what was in it when the walk came to it, which was not before the walk began.
class Emptied {
 public:
  explicit Emptied(const ThreadQueue* first) noexcept { look_at(first); }

  [[nodiscard]] bool reached() noexcept {
    while (queue_ != nullptr && queue_->frames_out() >= frames_) look_at(queue_->next);
    return queue_ == nullptr;
  }

 private:
  void look_at(const ThreadQueue* queue) noexcept {
    queue_ = queue;
    if (queue != nullptr) frames_ = queue->frames_in();
  }

  const ThreadQueue* queue_ = nullptr;
  std::uint64_t frames_ = 0;
};

}  // namespace

// A handler of SIGSEGV flushes, too: no memory is asked for, and no lock is waited for longer than the limit.
bool Core::flush(std::chrono::milliseconds limit) noexcept {
  const auto deadline = now_and(limit);
  Emptied emptied(queues_.first());
  if (on_sender_thread()) return emptied.reached();  // it would wait for itself
  std::unique_lock own(mutex_, std::try_to_lock);
  for (; !own && Link::Clock::now() < deadline; own.try_lock())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (!own) return emptied.reached();
  const auto shared = shared_;
  own.unlock();
  if (shared == nullptr) return emptied.reached();
  shared->flush_waiters.fetch_add(1, std::memory_order_seq_cst);  // sync: flush
  bool done = false;
  for (bool rung = false;; rung = true) {
    const std::uint32_t seen = shared->rounds.load(std::memory_order_seq_cst);
    const bool running = running_.load(std::memory_order_seq_cst);  // sync: flush
    done = emptied.reached();
    const auto left = deadline - Link::Clock::now();
    if (done || !running || left <= Link::Clock::duration::zero()) break;
    // Once: then each knows of something to send, and goes on as soon as it can.
    for (std::uint32_t i = 0; i < sender_count_ && !rung; ++i) doorbells_[i].ring_always();
    futex_wait(shared->rounds, seen, left);
  }
  shared->flush_waiters.fetch_sub(1, std::memory_order_seq_cst);
  return done;
}

std::error_code Core::set_overflow(std::uint32_t buffer, OverflowMode mode,
                                   const std::chrono::milliseconds* timeout) noexcept {
  if (buffer >= buffer_count_ || mode > OverflowMode::block) return make_error_code(Errc::invalid_argument);
  if (timeout != nullptr && (timeout->count() < 0 || *timeout > std::chrono::hours(1)))
    return make_error_code(Errc::invalid_argument);
  if (timeout != nullptr) buffers_[buffer].timeout_ms.store(timeout->count(), std::memory_order_relaxed);
  buffers_[buffer].mode.store(mode, std::memory_order_relaxed);
  arena_.set_mode(buffer, static_cast<std::uint64_t>(mode));
  return {};
}

void Core::set_local_print(LocalPrint mode) noexcept {
  print_.store(mode, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < sender_count_; ++i) doorbells_[i].set(attention::print, mode != LocalPrint::off);
}

bool Core::prints_now() const noexcept {
  switch (print_.load(std::memory_order_relaxed)) {
    case LocalPrint::off: return false;
    case LocalPrint::on: return true;
    case LocalPrint::automatic: return !connected.load(std::memory_order_relaxed);
  }
  return false;
}

// ── log calls ────────────────────────────────────────────────────────────────────────────────────────────────────────

ThreadQueue* Core::home_for(std::uint32_t buffer) noexcept {
  ThreadQueue* q = queues_.adopt(buffer, doorbells_[buffer % sender_count_], max_message_);
  if (q == nullptr) homeless_->full.fetch_add(1, std::memory_order_relaxed);
  return q;
}

std::uint32_t Core::buffer_of(Level level, std::uint32_t ordinary) const noexcept {
  if (buffer_count_ == 1) return 0;
  if (level == Level::fatal) return 0;
  if (level == Level::error) return buffer_count_ == 2 ? 0 : 1;
  return ordinary;
}

std::uint32_t Core::next_ordinary() noexcept {
  const std::uint32_t urgent = buffer_count_ >= 3 ? 2 : buffer_count_ - 1;
  const std::uint32_t ordinary = std::max(1U, buffer_count_ - urgent);
  return urgent + threads_.fetch_add(1, std::memory_order_relaxed) % ordinary;
}

}  // namespace dlt::detail
