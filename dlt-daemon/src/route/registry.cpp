#include "route/registry.hpp"

#include <algorithm>
#include <new>

namespace dlt::daemon {

namespace {

std::string limited(std::string_view description) {
  return std::string(description.substr(0, proto::local::max_description));
}

// -2 (not set) and anything out of range mean the default.
std::int8_t or_default(std::int8_t value, std::int8_t highest) noexcept {
  return value >= 0 && value <= highest ? value : std::int8_t{-1};
}

// A process may register a context several times, under several positions; the newest few of them count.
void add_registration(std::vector<Registration>& all, Registration fresh) {
  constexpr std::ptrdiff_t per_session = 16;
  const auto same_session = [&](const Registration& r) { return r.session == fresh.session; };
  std::erase_if(all, [&](const Registration& r) { return same_session(r) && r.position == fresh.position; });
  if (std::count_if(all.begin(), all.end(), same_session) >= per_session)
    all.erase(std::find_if(all.begin(), all.end(), same_session));
  all.push_back(fresh);
}

// For the list of what has been removed. Without memory it is incomplete, but the removing goes on: nobody else's entry
// may stay because of that.
void note(std::vector<Removed>& removed, Removed one) noexcept {
  try {
    removed.push_back(one);
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace

bool ApplicationEntry::has_registered_context() const noexcept {
  return std::any_of(contexts.begin(), contexts.end(), [](const auto& c) { return c.second.registered(); });
}

Registry::Registry(Defaults defaults) : Registry(defaults, Limits{}) {}
Registry::Registry(Defaults defaults, Limits limits) : defaults_(defaults), limits_(std::move(limits)) {}

void Registry::set_limits(Limits limits) {
  limits_ = std::move(limits);
  ++generation_;  // who may use what may have changed
}

bool Registry::may_use(AppId app, Uid user) const {
  if (limits_.shared_ids || app.empty()) return true;
  if (const auto r = limits_.reserved.find(app); r != limits_.reserved.end()) return r->second == user;
  const auto it = applications_.find(app);
  if (it == applications_.end()) return true;
  const Uid owner = it->second.owner.value_or(user);
  return owner == user || owner == fifo_uid;
}

ApplicationEntry* Registry::known(AppId app) {
  const auto it = applications_.find(app);
  return it != applications_.end() ? &it->second : nullptr;
}

ApplicationEntry* Registry::known_or_stranger(AppId app) {
  if (ApplicationEntry* entry = known(app)) return entry;
  return applications_.size() < limits_.applications ? &applications_[app] : nullptr;
}

// Forgets the application that left first, or one that never registered; false: there is none.
bool Registry::forget_oldest(const ApplicationEntry* spared) {
  auto oldest = applications_.end();
  for (auto it = applications_.begin(); it != applications_.end(); ++it)
    if (!it->second.connected() && &it->second != spared &&
        (oldest == applications_.end() || it->second.left < oldest->second.left))
      oldest = it;
  if (oldest == applications_.end()) return false;
  const ApplicationEntry& entry = oldest->second;
  contexts_ -= entry.contexts.size() - entry.strangers;
  strangers_ -= entry.strangers;
  if (entry.left != 0) --departed_;
  applications_.erase(oldest);
  ++generation_;
  return true;
}

void Registry::leave(ApplicationEntry& entry) {
  const auto user = users_.find(entry.owner.value_or(unknown_uid));
  if (user != users_.end()) {
    --user->second.applications;
    user->second.contexts -= entry.contexts.size() - entry.strangers;
    if (user->second.applications == 0) users_.erase(user);
  }
  entry.owner.reset();
  ++generation_;
  entry.left = ++leaving_;
  if (++departed_ > limits_.departed) forget_oldest(nullptr);
}

// Ends every registration of an application that is connected; it may be forgotten.
void Registry::evict(ApplicationEntry& entry) {
  for (auto& [id, c] : entry.contexts) c.registrations.clear();
  entry.sessions.clear();
  leave(entry);
}

// Finds or makes room for the application and ties the session to it.
std::optional<Refusal> Registry::connect(AppId app, const Source& from, ApplicationEntry*& entry) {
  entry = known(app);
  if (entry != nullptr &&
      std::find(entry->sessions.begin(), entry->sessions.end(), from.session) != entry->sessions.end())
    return std::nullopt;
  if (entry != nullptr && entry->owner == fifo_uid && from.uid != fifo_uid && !limits_.shared_ids) {
    evict(*entry);
    entry = known(app);
  }
  if (entry == nullptr || !entry->connected()) {
    const auto user = users_.find(from.uid);
    const Usage has = user != users_.end() ? user->second : Usage{};
    const std::size_t contexts = entry != nullptr ? entry->contexts.size() - entry->strangers : 0;
    if (has.applications >= limits_.applications_per_user) return Refusal::applications_per_user;
    if (has.contexts + contexts > limits_.contexts_per_user) return Refusal::contexts_per_user;
    if (entry == nullptr && applications_.size() >= limits_.applications && !forget_oldest(nullptr))
      return Refusal::applications;
    entry = &applications_[app];
    Usage& usage = users_[from.uid];
    entry->sessions.reserve(1);  // from here on nothing needs memory
    entry->owner = from.uid;
    ++usage.applications;
    usage.contexts += contexts;
    ++generation_;
  }
  entry->sessions.push_back(from.session);
  if (std::exchange(entry->left, 0) != 0) --departed_;
  entry->pid = from.pid;
  return std::nullopt;
}

std::optional<Refusal> Registry::add_application(const Source& from, const proto::local::RegisterApplication& message) {
  ApplicationEntry* entry = nullptr;
  if (const auto refused = connect(message.app, from, entry)) return refused;
  entry->description = limited(message.description);
  entry->pid = from.pid != 0 ? from.pid : message.pid;
  return std::nullopt;
}

std::vector<Removed> Registry::remove_application(SessionId session, AppId app) {
  std::vector<Removed> removed;
  const auto it = applications_.find(app);
  if (it == applications_.end()) return removed;
  ApplicationEntry& entry = it->second;
  if (std::find(entry.sessions.begin(), entry.sessions.end(), session) == entry.sessions.end()) return removed;
  for (auto& [id, c] : entry.contexts)
    if (remove_context(session, app, id)) note(removed, {app, id});
  if (std::erase(entry.sessions, session) != 0 && !entry.connected()) leave(entry);
  return removed;
}

std::optional<Refusal> Registry::make_room_for_context(const ApplicationEntry& application) {
  const auto user = users_.find(application.owner.value_or(unknown_uid));
  if (user != users_.end() && user->second.contexts >= limits_.contexts_per_user) return Refusal::contexts_per_user;
  while (contexts_ >= limits_.contexts)
    if (!forget_oldest(&application)) return Refusal::contexts;
  return std::nullopt;
}

Registry::Added Registry::add_context(const Source& from, const proto::local::RegisterContext& message) {
  ApplicationEntry* entry = nullptr;
  if (const auto refused = connect(message.app, from, entry)) return {refused};
  auto it = entry->contexts.find(message.context);
  if (it == entry->contexts.end() || it->second.stranger) {
    if (const auto refused = make_room_for_context(*entry)) return {refused};
    it = entry->contexts.try_emplace(message.context).first;
    ++contexts_;
    ++users_[entry->owner.value_or(unknown_uid)].contexts;
    if (std::exchange(it->second.stranger, false)) --entry->strangers, --strangers_;
  }
  ContextEntry& c = it->second;
  const auto stored = stored_.find({message.app, message.context});
  const bool decides = !c.registered();
  const bool later = from.uid == fifo_uid;
  if (stored != stored_.end()) {
    if (decides) c.level = stored->second.level, c.trace = stored->second.trace;
  } else {
    if (decides || (later && message.log_level >= 0)) c.level = or_default(message.log_level, 6);
    if (decides || (later && message.trace_status >= 0)) c.trace = or_default(message.trace_status, 1);
  }
  if (!c.registered() && floor_) c.floor = floor_(message.app, message.context);
  c.description = limited(message.description);
  add_registration(c.registrations, {from.session, message.position});
  const auto levels = effective(c, message.position);
  if (levels.log_level == message.log_level && levels.trace_status == message.trace_status)
    return {std::nullopt, std::nullopt};  // the application has chosen both, and knows
  return {std::nullopt, LevelPush{from.session, levels}};
}

bool Registry::remove_context(SessionId session, AppId app, ContextId id) {
  const auto a = applications_.find(app);
  if (a == applications_.end()) return false;
  const auto c = a->second.contexts.find(id);
  if (c == a->second.contexts.end() || !c->second.registered()) return false;
  const auto erased =
      std::erase_if(c->second.registrations, [&](const Registration& r) { return r.session == session; });
  return erased != 0 && !c->second.registered();
}

std::vector<Removed> Registry::remove_session(SessionId session) {
  std::vector<Removed> removed;
  for (auto it = applications_.begin(); it != applications_.end();) {
    const AppId app = it->first;  // it, or another, may be forgotten
    for (const Removed& r : remove_application(session, app)) note(removed, r);
    it = applications_.upper_bound(app);
  }
  return removed;
}

proto::local::LogLevel Registry::effective(const ContextEntry& entry, std::int32_t position) const noexcept {
  const std::int8_t highest_level = forced_ ? defaults_.level : std::int8_t{6};
  const std::int8_t highest_trace = forced_ ? defaults_.trace : std::int8_t{1};
  const auto wanted = std::max(entry.level >= 0 ? entry.level : defaults_.level, entry.floor);
  const auto level = std::min(wanted, highest_level);
  const auto trace = std::min(entry.trace >= 0 ? entry.trace : defaults_.trace, highest_trace);
  return {static_cast<std::uint8_t>(level), static_cast<std::uint8_t>(trace), position};
}

void Registry::push_levels(const ContextEntry& entry, std::vector<LevelPush>& out) const {
  for (const Registration& r : entry.registrations) out.push_back({r.session, effective(entry, r.position)});
}

std::vector<LevelPush> Registry::set(AppId app, ContextId id, std::optional<std::int8_t> level,
                                     std::optional<std::int8_t> trace) {
  std::vector<LevelPush> out;
  const auto a = applications_.find(app);
  if (a == applications_.end()) return out;
  const auto c = a->second.contexts.find(id);
  if (c == a->second.contexts.end()) return out;
  c->second.level = level.value_or(c->second.level);
  c->second.trace = trace.value_or(c->second.trace);
  if (level && !floor_kept_) c->second.floor = -1;
  push_levels(c->second, out);
  return out;
}

std::vector<LevelPush> Registry::set_application(AppId app, std::int8_t level, std::int8_t trace) {
  std::vector<LevelPush> out;
  const auto a = applications_.find(app);
  if (a == applications_.end()) return out;
  for (auto& [id, c] : a->second.contexts) {
    c.level = or_default(level, 6);
    c.trace = or_default(trace, 1);
    push_levels(c, out);
  }
  return out;
}

std::vector<LevelPush> Registry::set_every(std::optional<std::int8_t> level, std::optional<std::int8_t> trace) {
  std::vector<LevelPush> out;
  for (auto& [app, entry] : applications_)
    for (auto& [id, c] : entry.contexts) {
      c.level = level.value_or(c.level);
      c.trace = trace.value_or(c.trace);
      if (level && !floor_kept_) c.floor = -1;
      push_levels(c, out);
    }
  return out;
}

std::vector<LevelPush> Registry::set_defaults(Defaults defaults) {
  defaults_ = defaults;
  std::vector<LevelPush> out;
  for (const auto& [app, entry] : applications_)
    for (const auto& [id, c] : entry.contexts)
      if (c.level < 0 || c.trace < 0 || forced_) push_levels(c, out);
  return out;
}

std::vector<LevelPush> Registry::set_forced(bool forced) {
  std::vector<LevelPush> out;
  if (std::exchange(forced_, forced) == forced) return out;
  for (const auto& [app, entry] : applications_)
    for (const auto& [id, c] : entry.contexts) push_levels(c, out);
  return out;
}

std::vector<LevelPush> Registry::set_floor(Floor floor, bool kept) {
  floor_ = std::move(floor);
  floor_kept_ = kept;
  std::vector<LevelPush> out;
  for (auto& [app, entry] : applications_)
    for (auto& [id, c] : entry.contexts) {
      const std::int8_t wanted = floor_ ? floor_(app, id) : std::int8_t{-1};
      if (std::exchange(c.floor, wanted) != wanted) push_levels(c, out);
    }
  return out;
}

std::vector<LevelPush> Registry::levels_of(SessionId session) const {
  std::vector<LevelPush> out;
  for (const auto& [app, entry] : applications_)
    for (const auto& [id, c] : entry.contexts)
      for (const Registration& r : c.registrations)
        if (r.session == session) out.push_back({session, effective(c, r.position)});
  return out;
}

const ContextEntry* Registry::find(AppId app, ContextId id) const {
  const auto a = applications_.find(app);
  if (a == applications_.end()) return nullptr;
  const auto c = a->second.contexts.find(id);
  return c == a->second.contexts.end() || !c->second.registered() ? nullptr : &c->second;
}

Volume& Registry::counter(AppId app, ContextId id) {
  ApplicationEntry* entry = known(app);
  if (entry != nullptr)
    if (const auto c = entry->contexts.find(id); c != entry->contexts.end()) return c->second.received;
  if (strangers_ >= limits_.strangers) return others_;
  entry = known_or_stranger(app);
  if (entry == nullptr) return others_;
  ContextEntry& c = entry->contexts[id];
  c.stranger = true;
  ++entry->strangers;
  ++strangers_;
  return c.received;
}

void Registry::add_loss(AppId app, proto::local::LossCause cause, std::uint64_t count) {
  const auto i = static_cast<std::size_t>(cause);
  if (ApplicationEntry* entry = known_or_stranger(app); entry != nullptr && i < entry->lost.size())
    entry->lost[i] += count;
}

void Registry::add_overflow(AppId app, std::uint64_t count) {
  if (ApplicationEntry* entry = known_or_stranger(app)) entry->overflow += count;
}

void Registry::set_statistics(AppId app, const proto::local::Statistics& message) {
  ApplicationEntry* entry = known_or_stranger(app);
  if (entry == nullptr) return;
  entry->statistics.clear();
  for (std::size_t i = 0; i < message.count(); ++i) entry->statistics.push_back(message.at(i));
}

}  // namespace dlt::daemon
