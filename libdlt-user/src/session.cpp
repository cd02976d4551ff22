#include "dlt/session.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core.hpp"
#include "dlt/context.hpp"

namespace dlt {

using detail::ContextEntry;
using detail::Core;

Result<Session> start(const Options& options) {
  if (const auto error = Core::start_process(options)) return error;
  Session session;
  session.owner_ = true;
  return session;
}

Session::Session(Session&& other) noexcept : owner_(std::exchange(other.owner_, false)) {}

Session& Session::operator=(Session&& other) noexcept {
  if (this != &other) {
    end();
    owner_ = std::exchange(other.owner_, false);
  }
  return *this;
}

Session::~Session() { end(); }

void Session::end() noexcept {
  if (!std::exchange(owner_, false)) return;
  if (Core* core = Core::get()) core->end();
}

bool Session::flush(std::chrono::milliseconds limit) noexcept {
  Core* core = Core::get();
  return core == nullptr || core->flush(limit);
}

Stats Session::stats() const {
  const Core* core = Core::get();
  return core != nullptr ? core->stats() : Stats{};
}

bool Session::connected() const noexcept {
  const Core* core = Core::get();
  return core != nullptr && core->connected.load(std::memory_order_acquire);
}

std::error_code Session::set_overflow(std::uint32_t buffer, OverflowMode mode) noexcept {
  Core* core = Core::get();
  return core != nullptr ? core->set_overflow(buffer, mode, nullptr) : make_error_code(Errc::not_started);
}

std::error_code Session::set_overflow(std::uint32_t buffer, OverflowMode mode,
                                      std::chrono::milliseconds timeout) noexcept {
  Core* core = Core::get();
  return core != nullptr ? core->set_overflow(buffer, mode, &timeout) : make_error_code(Errc::not_started);
}

Snapshot Session::snapshot(std::string_view reason, std::chrono::milliseconds limit) {
  Core* core = Core::get();
  return core != nullptr ? core->snapshot(reason, limit) : Snapshot{{}, "the session has not started"};
}

void Session::set_local_print(LocalPrint mode) noexcept {
  if (Core* core = Core::get()) core->set_local_print(mode);
}

// ── Context ──────────────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

detail::ContextData* acquire(ContextId id, std::string_view description, std::optional<Level> level) noexcept {
  ContextEntry& entry = detail::contexts().acquire(id, description, level);
  if (Core* core = Core::get()) core->on_new_context();
  return &entry.data;
}

auto is_of(const Context* owner) noexcept {
  return [owner](const auto& callback) { return callback.owner == owner; };
}

// Waits while one of them runs; not in the callback itself. They are destroyed without the lock: what they hold is the
// application's.
void forget_callbacks(ContextEntry& entry, const Context* owner) noexcept {
  if (!entry.has_callbacks.load(std::memory_order_relaxed)) return;
  std::multimap<std::uint32_t, ContextEntry::Callback<Context::Injection>> injections;
  ContextEntry::Callback<Context::LevelChange> on_level;
  {
    const std::lock_guard lock(entry.callbacks_mutex);
    const auto level = std::find_if(entry.on_level.begin(), entry.on_level.end(), is_of(owner));
    if (level != entry.on_level.end()) {
      on_level = std::move(*level);
      entry.on_level.erase(level);
    }
    for (auto i = entry.injections.begin(); i != entry.injections.end();) {
      const auto next = std::next(i);
      if (i->second.owner == owner) injections.insert(entry.injections.extract(i));
      i = next;
    }
  }
  if (detail::on_sender_thread()) return;
  entry.calling.wait(owner);
}

}  // namespace

Context::Context(ContextId id, std::string_view description) noexcept : data_(acquire(id, description, std::nullopt)) {}

Context::Context(ContextId id, std::string_view description, Level level) noexcept
    : data_(acquire(id, description, level)) {}

Context::~Context() {
  forget_callbacks(ContextEntry::of(*data_), this);
  detail::contexts().release(ContextEntry::of(*data_));
  if (Core* core = Core::get()) core->on_new_context();
}

Level Context::level() const noexcept { return static_cast<Level>(data_->sent.load(std::memory_order_relaxed)); }
Level Context::reach() const noexcept { return static_cast<Level>(data_->level.load(std::memory_order_relaxed)); }
ContextId Context::id() const noexcept { return ContextEntry::of(*data_).id; }

void Context::on_injection(std::uint32_t service, Injection callback) {
  ContextEntry& entry = ContextEntry::of(*data_);
  auto function = std::make_shared<const Injection>(std::move(callback));
  const std::lock_guard lock(entry.callbacks_mutex);
  const auto [first, last] = entry.injections.equal_range(service);
  auto mine = std::find_if(first, last, [this](const auto& one) { return one.second.owner == this; });
  if (mine == last) mine = entry.injections.insert({service, {this, 0, nullptr}});
  mine->second.ordinal = ++entry.last_ordinal;
  mine->second.function.swap(function);  // what was there goes when the lock has gone
  entry.has_callbacks.store(true, std::memory_order_relaxed);
}

void Context::on_level_change(LevelChange callback) {
  ContextEntry& entry = ContextEntry::of(*data_);
  auto function = std::make_shared<const LevelChange>(std::move(callback));
  const std::lock_guard lock(entry.callbacks_mutex);
  auto mine = std::find_if(entry.on_level.begin(), entry.on_level.end(), is_of(this));
  if (mine == entry.on_level.end()) mine = entry.on_level.insert(mine, {this, 0, nullptr});
  mine->ordinal = ++entry.last_ordinal;
  mine->function.swap(function);
  entry.has_callbacks.store(true, std::memory_order_relaxed);
}

}  // namespace dlt
