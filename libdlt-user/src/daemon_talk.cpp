// The part of Core that talks with the daemon; the first sender's thread, with the uplink's turn. But on_broken:
// whoever has the turn; and report: also the thread that ends the session, when the senders have ended.
#include <algorithm>

#include "core.hpp"

namespace dlt::detail {

namespace local = proto::local;

namespace {

// Makes `next` this callback if that was set earlier, but behind `after`.
template <class Callback>
void consider(const Callback& callback, std::uint64_t after, const Callback*& next) noexcept {
  if (callback.ordinal > after && (next == nullptr || callback.ordinal < next->ordinal)) next = &callback;
}

// Runs the callbacks that `find` finds behind an ordinal (nullptr: no more), those that are there now. The destructor
// of each one's owner waits meanwhile. A callback may change what there is, and fork.
template <class Find, class... Args>
void call(ContextEntry& e, Find find, const Args&... args) {
  std::unique_lock lock(e.callbacks_mutex);
  const std::uint64_t last = e.last_ordinal;
  for (auto* callback = find(std::uint64_t{0}); callback != nullptr && callback->ordinal <= last;) {
    const std::uint64_t ordinal = callback->ordinal;
    const auto function = callback->function;
    e.calling.store(callback->owner);
    lock.unlock();
    // What the application throws ends the program, as an exception in any thread does.
    if (*function) [&]() noexcept { (*function)(args...); }();
    e.calling.store(nullptr);
    e.calling.notify_all();
    if (!on_sender_thread()) return;  // it has forked, and this is the child
    lock.lock();
    callback = find(ordinal);
  }
}

}  // namespace

void Core::on_ready(const local::Hello& daemon) {
  for (ContextEntry* e = contexts().head(); e != nullptr; e = e->next) e->announced = false;
  const bool another = daemon.pid != 0 && last_daemon_ != 0 && daemon.pid != last_daemon_;
  if (another) reports_.on_another_daemon();
  else reports_.heard();
  on_late_hello(daemon);
  synchronise_contexts();
}

void Core::on_late_hello(const local::Hello& daemon) {
  if (!daemon.ecu.empty()) contexts().set_ecu(daemon.ecu);
  reports_.on_connected();
  if (daemon.pid != 0) last_daemon_ = daemon.pid;
  // From here on the daemon itself knows what it was told.
  for (std::uint32_t b = 0; b < reports_.told().size(); ++b)
    for (std::size_t c = 0; c < local::loss_causes; ++c) arena_.set_told(b, c, reports_.told()[b][c]);
}

void Core::on_message(const local::Message& message) {
  // What a daemon does not send is ignored: a std::visit over all types would only list them again.
  if (const auto* level = std::get_if<local::LogLevel>(&message)) apply(*level);
  if (const auto* injection = std::get_if<local::Injection>(&message)) apply(*injection);
  if (const auto* mode = std::get_if<local::SetOverflowMode>(&message)) apply(*mode);
  if (const auto* answer = std::get_if<local::SnapshotAnswer>(&message)) desk_.answered(*answer);
}

void Core::on_broken(Told told) noexcept {
  note(told);
  if (told == Told::in_part) reports_.withdraw();
  queues_.for_each([](ThreadQueue& q) { q.rewind({}); });
  desk_.on_broken();
}

void Core::apply(const local::LogLevel& m) {
  ContextEntry* e = context_at(m.position);
  if (e == nullptr || m.log_level > static_cast<std::uint8_t>(Level::verbose)) return;
  if (!contexts().set_level(*e, static_cast<std::int8_t>(m.log_level))) return;
  const auto find = [e](std::uint64_t after) {
    const ContextEntry::Callback<Context::LevelChange>* next = nullptr;
    for (const auto& callback : e->on_level) consider(callback, after, next);
    return next;
  };
  call(*e, find, static_cast<Level>(m.log_level));
}

void Core::apply(const local::Injection& m) {
  ContextEntry* e = context_at(m.position);
  if (e == nullptr) return;
  const auto find = [&](std::uint64_t after) {
    const ContextEntry::Callback<Context::Injection>* next = nullptr;
    const auto [first, last] = e->injections.equal_range(m.service);
    for (auto i = first; i != last; ++i) consider(i->second, after, next);
    return next;
  };
  call(*e, find, m.service, m.data);
}

void Core::apply(const local::SetOverflowMode& m) {
  if (!uplink_->speaks(local::capability::overflow_mode)) return;  // nobody of ours has said it
  if (m.mode > static_cast<std::uint8_t>(OverflowMode::block)) return;
  const std::chrono::milliseconds timeout(m.timeout_ms);
  for (std::uint32_t i = 0; i < buffer_count_; ++i)
    if (m.buffer == local::SetOverflowMode::every_buffer || m.buffer == i)
      (void)set_overflow(i, static_cast<OverflowMode>(m.mode), m.timeout_ms != 0 ? &timeout : nullptr);
}

ContextEntry* Core::context_at(std::int32_t position) noexcept {
  if (position < 0 || static_cast<std::size_t>(position) >= by_position_.size()) return nullptr;
  return by_position_[static_cast<std::size_t>(position)];
}

void Core::housekeeping(Link::Clock::time_point now) {
  if (!uplink_->link().may_send()) return;
  if (contexts().changes() != seen_changes_.load(std::memory_order_relaxed)) synchronise_contexts();
  if (reports_.due(now)) (void)report();
  if (connected) serve_snapshots(now);
}

void Core::note(Told told) noexcept {
  if (told != Told::in_part) reports_.said();
  if (told == Told::heard) reports_.heard();
}

bool Core::report() {
  note(uplink_->told());
  const Stats all = stats_unlocked();
  bool any = false;
  if (const auto& entries = reports_.losses(all); !entries.empty()) {
    const local::Loss losses{environment_.options.app, entries};
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < losses.count(); ++i) sum += losses.at(i).count;
    // The incumbent's daemon knows only how many.
    if (uplink_->speaks(local::capability::loss)) uplink_->post(losses);
    else uplink_->post(local::Overflow{static_cast<std::uint32_t>(sum), environment_.options.app});
    any = true;
  }
  const auto& totals = reports_.totals(all, Link::Clock::now());
  if (uplink_->speaks(local::capability::statistics) && !totals.empty()) {
    uplink_->post(local::Statistics{environment_.options.app, totals});
    any = true;
  }
  return any;
}

void Core::synchronise_contexts() {
  const std::uint32_t changes = contexts().changes();
  bool complete = true;
  for (ContextEntry* e = contexts().head(); e != nullptr; e = e->next) {
    if (by_position_.size() <= e->position) by_position_.resize(e->position + std::size_t{1});
    by_position_[e->position] = e;
    const bool used = e->users.load(std::memory_order_relaxed) > 0;
    if (used && !e->announced) announce(*e);
    if (used || !e->announced) continue;
    if (all_empty()) {
      uplink_->post(local::UnregisterContext{environment_.options.app, e->id, static_cast<std::int32_t>(getpid())});
      e->announced = false;
    } else {
      complete = false;  // its last messages go first
    }
  }
  if (complete) seen_changes_.store(changes, std::memory_order_relaxed);
}

void Core::announce(ContextEntry& e) {
  const std::int8_t wanted = e.wanted.load(std::memory_order_relaxed);
  const Level configured = environment_.level_of(environment_.options.app, e.id);
  local::RegisterContext m{environment_.options.app, e.id,           static_cast<std::int32_t>(e.position),
                           local::not_set,           local::not_set, static_cast<std::int32_t>(getpid()),
                           e.description()};
  if (wanted >= 0) m.log_level = wanted;
  else if (configured != Level::by_default) m.log_level = static_cast<std::int8_t>(configured);
  uplink_->post(m);
  e.announced = true;
}

bool Core::all_empty() const noexcept {
  bool empty = true;
  queues_.for_each([&empty](const ThreadQueue& q) { empty = empty && q.empty(); });
  return empty;
}

}  // namespace dlt::detail
