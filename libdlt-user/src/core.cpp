#include "core.hpp"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "futex.hpp"
#include "thread_state.hpp"

namespace dlt::detail {

namespace local = proto::local;

namespace {

std::atomic<Core*> current{nullptr};  // sync: core, released by start_process and revive
std::mutex start_mutex;               // starts of this process
Options forked_options;               // of the parent's session; written by the fork handler
std::atomic<bool> forked{false};
std::atomic<bool> reviving{false};

Level initial_level(ContextId id) noexcept;

void complain(const std::string& what) noexcept { std::fprintf(stderr, "libdlt-user: %s\n", what.c_str()); }

}  // namespace

// ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

AppId process_app;
std::vector<LevelRule>* process_levels = nullptr;  // never freed: read by any thread that makes a context

Level initial_level(ContextId id) noexcept {
  Level level = Level::by_default;
  for (const LevelRule& r : *process_levels)
    if ((r.app.empty() || r.app == process_app) && (r.context.empty() || r.context == id)) level = r.level;
  return level;
}

void end_at_exit() {
  if (Core* core = Core::get()) core->end();
}

// The child has the parent's memory but none of its threads, and the arena is the parent's: nothing of it may be used.
void after_fork_in_child() {
  Core* parents = current.load(std::memory_order_acquire);
  if (parents == nullptr) return;
  forget_thread();
  current.store(nullptr, std::memory_order_release);
  contexts().set_session(static_cast<std::uint32_t>(getpid()));
  reviving.store(false, std::memory_order_relaxed);
  forked.store(true, std::memory_order_release);
}

void prepare_process_once() {
  static const bool done = [] {
    pthread_atfork(nullptr, nullptr, after_fork_in_child);
    std::atexit(end_at_exit);
    return make_thread_key();
  }();
  (void)done;
}

}  // namespace

Core* Core::get() noexcept { return current.load(std::memory_order_acquire); }  // sync: core

std::error_code Core::start_process(const Options& options) {
  if (const std::string wrong = options.check(); !wrong.empty()) {
    complain("dlt::start: " + wrong);
    return make_error_code(Errc::invalid_argument);
  }
  const std::lock_guard lock(start_mutex);
  prepare_process_once();
  Core* core = get();
  const bool fresh = core == nullptr;
  if (fresh) core = new Core;
  {
    const std::lock_guard own(core->mutex_);
    if (core->running_) return make_error_code(Errc::already_started);
    if (const auto error = core->open(options)) return error;
    if (fresh) current.store(core, std::memory_order_release);  // sync: core
    if (const auto error = core->run()) return error;
  }
  forked_options = options;
  return {};
}

Core* Core::revive() noexcept {
  if (!forked.load(std::memory_order_acquire)) return get();
  if (reviving.exchange(true, std::memory_order_acq_rel)) return get();  // another thread is at it, or it failed
  const Options options = forked_options;
  auto* core = new (std::nothrow) Core;
  if (core == nullptr) return nullptr;
  const std::lock_guard own(core->mutex_);
  if (core->open(options)) return nullptr;
  current.store(core, std::memory_order_release);  // sync: core
  if (core->run()) return nullptr;
  return core;
}

// ── start and end ────────────────────────────────────────────────────────────────────────────────────────────────────

std::error_code Core::open(const Options& options) {
  const bool first = arena_.fd() < 0;
  const Environment before = std::move(environment_);
  environment_ = apply_environment(options, [](const char* name) -> const char* { return std::getenv(name); });
  for (const std::string& c : environment_.complaints) complain(c);
  Options& o = environment_.options;
  if (first) {
    if (const auto error = arena_.open(o.arena_bytes)) return error;
    for (std::uint32_t i = 0; i < o.senders; ++i)
      if (const auto error = doorbells_[i].open()) return error;
    buffer_count_ = o.buffer_count;
  } else {
    o.senders = before.options.senders;
    o.buffer_count = buffer_count_;
    o.max_message = before.options.max_message;
    o.buffers.resize(buffer_count_);
  }
  for (std::uint32_t i = 0; i < buffer_count_; ++i) buffers_[i].set(o.buffers[i].value_or(o.buffer));
  return {};
}

std::error_code Core::run() {
  const Options& o = environment_.options;
  std::vector<Address> addresses;
  if (!o.address.empty()) addresses.push_back(*Address::parse(o.address));
  else addresses = default_addresses(std::getenv("XDG_RUNTIME_DIR"));
  uplink_ = std::make_unique<Uplink>(std::move(addresses),
                                     Uplink::Identity{o.app, o.description, program_invocation_short_name,
                                                      static_cast<std::int32_t>(getpid()), arena_.fd(), arena_.size()},
                                     *this);
  shared_.reset(new SenderShared{
      queues_, *uplink_, o.senders, o.batch_size, o.nap, [this](Link::Clock::time_point now) { housekeeping(now); },
      [this] { return contexts().changes() != seen_changes_.load(std::memory_order_relaxed); },
      [this] { return report(); }});
  shared_->others_running.store(o.senders - 1, std::memory_order_relaxed);
  senders_.clear();
  for (std::uint32_t i = 0; i < o.senders; ++i) {
    senders_.push_back(std::make_unique<Sender>(i, doorbells_[i], *shared_));
    if (const auto error = senders_.back()->start()) return error;
  }
  running_ = true;
  set_local_print(o.local_print);
  process_app = o.app;
  process_levels = new std::vector<LevelRule>(environment_.levels);
  contexts().start({EcuId{"ECU1"}, o.app, static_cast<std::uint32_t>(getpid())}, o.level, &initial_level);
  return {};
}

void Core::end() noexcept {
  const std::lock_guard lock(mutex_);
  if (!running_) return;
  running_ = false;
  contexts().stop();
  const auto deadline = Link::Clock::now() + environment_.options.exit_flush;
  shared_->stop_deadline.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
  shared_->stop.store(true, std::memory_order_release);  // sync: stop
  for (std::uint32_t i = 0; i < environment_.options.senders; ++i) doorbells_[i].ring_always();
  for (const auto& s : senders_) s->join();
  // From here on this thread is the sender.
  uplink_->give_up();
  queues_.for_each([](ThreadQueue& q) { q.discard_everything(); });
  farewell();
}

// Tells the daemon how it ended; waits a moment for a socket that is full.
void Core::farewell() {
  if (!uplink_->connected()) return;
  (void)report();
  uplink_->post(local::UnregisterApplication{environment_.options.app, static_cast<std::int32_t>(getpid())});
  if (uplink_->speaks(local::capability::batch)) uplink_->post(local::Bye{});
  const auto deadline = Link::Clock::now() + std::chrono::milliseconds(100);
  while (uplink_->flush() == Uplink::Flow::blocked && Link::Clock::now() < deadline)
    uplink_->wait_writable(std::chrono::milliseconds(10));
  uplink_->close(Link::Clock::now());
}

// ── observing and changing ───────────────────────────────────────────────────────────────────────────────────────────

bool Core::flush(std::chrono::milliseconds limit) noexcept {
  const auto deadline = Link::Clock::now() + limit;
  std::vector<std::pair<const ThreadQueue*, std::uint64_t>> targets;
  queues_.for_each([&](const ThreadQueue& q) { targets.emplace_back(&q, q.frames_in()); });
  const auto reached = [&targets] {
    return std::all_of(targets.begin(), targets.end(), [](const auto& t) { return t.first->frames_out() >= t.second; });
  };
  const std::lock_guard lock(mutex_);
  if (!running_) return reached();
  shared_->flush_waiters.fetch_add(1, std::memory_order_seq_cst);  // sync: flush
  bool done = false;
  for (;;) {
    const std::uint32_t seen = shared_->rounds.load(std::memory_order_seq_cst);
    done = reached();
    const auto left = deadline - Link::Clock::now();
    if (done || left <= Link::Clock::duration::zero()) break;
    for (std::uint32_t i = 0; i < environment_.options.senders; ++i) doorbells_[i].ring_always();
    futex_wait(shared_->rounds, seen, left);
  }
  shared_->flush_waiters.fetch_sub(1, std::memory_order_seq_cst);
  return done;
}

Stats Core::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_unlocked();
}

Stats Core::stats_unlocked() const {
  Stats all;
  all.buffers.resize(buffer_count_);
  for (std::uint32_t i = 0; i < buffer_count_; ++i) all.buffers[i].options = buffers_[i].options();
  queues_.for_each([&all](const ThreadQueue& q) { q.add_to(all.buffers[q.buffer()]); });
  // Messages of threads for which there was no queue at all are booked in the last buffer.
  BufferStats& last = all.buffers.back();
  const std::uint64_t homeless = homeless_.load(std::memory_order_relaxed);
  const std::uint64_t nested = homeless_nested_.load(std::memory_order_relaxed);
  last.accepted += homeless + nested;
  last.dropped.full += homeless;
  last.dropped.nested += nested;
  for (const BufferStats& b : all.buffers) {
    all.accepted += b.accepted;
    all.accepted_bytes += b.accepted_bytes;
    all.delivered += b.delivered;
    all.delivered_bytes += b.delivered_bytes;
    all.queued += b.queued;
    all.high_water = std::max(all.high_water, b.high_water);
    all.dropped += b.dropped;
  }
  if (uplink_ != nullptr) {
    all.writes = uplink_->writes();
    all.connects = uplink_->connects();
  }
  for (const Doorbell& d : doorbells_) all.wakes += d.rings();
  return all;
}

bool Core::connected() const noexcept {
  const std::lock_guard lock(mutex_);
  return uplink_ != nullptr && uplink_->connected();
}

std::error_code Core::set_overflow(std::uint32_t buffer, OverflowMode mode,
                                   const std::chrono::milliseconds* timeout) noexcept {
  if (buffer >= buffer_count_ || mode > OverflowMode::block) return make_error_code(Errc::invalid_argument);
  if (timeout != nullptr && (timeout->count() < 0 || *timeout > std::chrono::hours(1)))
    return make_error_code(Errc::invalid_argument);
  if (timeout != nullptr) buffers_[buffer].timeout_ms.store(timeout->count(), std::memory_order_relaxed);
  buffers_[buffer].mode.store(mode, std::memory_order_relaxed);
  return {};
}

void Core::set_local_print(LocalPrint mode) noexcept {
  print_.store(mode, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < environment_.options.senders; ++i) doorbells_[i].set_print(mode != LocalPrint::off);
}

bool Core::prints_now() const noexcept {
  switch (print_.load(std::memory_order_relaxed)) {
    case LocalPrint::off: return false;
    case LocalPrint::on: return true;
    case LocalPrint::automatic: return uplink_ == nullptr || !uplink_->connected();
  }
  return false;
}

// ── log calls ────────────────────────────────────────────────────────────────────────────────────────────────────────

ThreadQueue* Core::home_for(std::uint32_t buffer) noexcept {
  Doorbell& sender = doorbells_[buffer % environment_.options.senders];
  ThreadQueue* q = queues_.adopt(buffer, sender, environment_.options.max_message);
  if (q == nullptr) homeless_.fetch_add(1, std::memory_order_relaxed);
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
