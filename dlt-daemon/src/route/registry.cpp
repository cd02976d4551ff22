#include "route/registry.hpp"

#include <algorithm>

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

}  // namespace

bool ApplicationEntry::has_registered_context() const noexcept {
  return std::any_of(contexts.begin(), contexts.end(), [](const auto& c) { return c.second.registered(); });
}

Registry::Registry(Defaults defaults) : Registry(defaults, Limits{}) {}
Registry::Registry(Defaults defaults, Limits limits) : defaults_(defaults), limits_(limits) {}

ApplicationEntry* Registry::application(AppId app) {
  const auto it = applications_.find(app);
  if (it != applications_.end()) return &it->second;
  if (applications_.size() >= limits_.applications) forget_oldest();
  if (applications_.size() >= limits_.applications) return nullptr;
  return &applications_[app];
}

ContextEntry* Registry::context(ApplicationEntry& application, ContextId id) {
  const auto it = application.contexts.find(id);
  if (it != application.contexts.end()) return &it->second;
  if (contexts_ >= limits_.contexts) return nullptr;
  ++contexts_;
  return &application.contexts[id];
}

void Registry::forget_oldest() {
  auto oldest = applications_.end();
  for (auto it = applications_.begin(); it != applications_.end(); ++it)
    if (!it->second.connected() && (oldest == applications_.end() || it->second.left < oldest->second.left))
      oldest = it;
  if (oldest == applications_.end()) return;
  contexts_ -= oldest->second.contexts.size();
  if (oldest->second.left != 0) --departed_;
  applications_.erase(oldest);
  ++generation_;
}

void Registry::leave(ApplicationEntry& entry) {
  entry.left = ++leaving_;
  if (++departed_ > limits_.departed) forget_oldest();
}

bool Registry::add_application(SessionId session, const proto::local::RegisterApplication& message) {
  ApplicationEntry* entry = application(message.app);
  if (entry == nullptr) return false;
  if (entry->left != 0) {
    entry->left = 0;
    --departed_;
  }
  entry->description = limited(message.description);
  entry->pid = message.pid;
  if (std::find(entry->sessions.begin(), entry->sessions.end(), session) == entry->sessions.end())
    entry->sessions.push_back(session);
  return true;
}

std::vector<Removed> Registry::remove_application(SessionId session, AppId app) {
  std::vector<Removed> removed;
  const auto it = applications_.find(app);
  if (it == applications_.end()) return removed;
  ApplicationEntry& entry = it->second;
  for (auto& [id, c] : entry.contexts)
    if (remove_context(session, app, id)) removed.push_back({app, id});
  if (std::erase(entry.sessions, session) != 0 && !entry.connected()) leave(entry);
  return removed;
}

std::optional<LevelPush> Registry::add_context(SessionId session, const proto::local::RegisterContext& message,
                                               bool& accepted) {
  ApplicationEntry* entry = application(message.app);
  ContextEntry* c = entry != nullptr ? context(*entry, message.context) : nullptr;
  accepted = c != nullptr;
  if (!accepted) return std::nullopt;
  if (!c->registered()) {
    c->level = or_default(message.log_level, 6);
    c->trace = or_default(message.trace_status, 1);
  }
  c->description = limited(message.description);
  add_registration(c->registrations, {session, message.position});
  if (c->level >= 0 && c->trace >= 0 && c->level == message.log_level && c->trace == message.trace_status)
    return std::nullopt;  // the application has chosen both, and knows
  return LevelPush{session, effective(*c, message.position)};
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
  std::vector<AppId> apps;
  for (const auto& [id, entry] : applications_) apps.push_back(id);
  std::vector<Removed> removed;
  for (const AppId app : apps) {
    const auto some = remove_application(session, app);
    removed.insert(removed.end(), some.begin(), some.end());
  }
  return removed;
}

proto::local::LogLevel Registry::effective(const ContextEntry& entry, std::int32_t position) const noexcept {
  return {static_cast<std::uint8_t>(entry.level >= 0 ? entry.level : defaults_.level),
          static_cast<std::uint8_t>(entry.trace >= 0 ? entry.trace : defaults_.trace), position};
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
      push_levels(c, out);
    }
  return out;
}

std::vector<LevelPush> Registry::set_defaults(Defaults defaults) {
  defaults_ = defaults;
  std::vector<LevelPush> out;
  for (const auto& [app, entry] : applications_)
    for (const auto& [id, c] : entry.contexts)
      if (c.level < 0 || c.trace < 0) push_levels(c, out);
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
  ApplicationEntry* entry = application(app);
  ContextEntry* c = entry != nullptr ? context(*entry, id) : nullptr;
  return c != nullptr ? c->received : others_;
}

void Registry::add_loss(AppId app, proto::local::LossCause cause, std::uint64_t count) {
  const auto i = static_cast<std::size_t>(cause);
  if (ApplicationEntry* entry = application(app); entry != nullptr && i < entry->lost.size()) entry->lost[i] += count;
}

void Registry::add_overflow(AppId app, std::uint64_t count) {
  if (ApplicationEntry* entry = application(app)) entry->overflow += count;
}

void Registry::set_statistics(AppId app, const proto::local::Statistics& message) {
  ApplicationEntry* entry = application(app);
  if (entry == nullptr) return;
  entry->statistics.clear();
  for (std::size_t i = 0; i < message.count(); ++i) entry->statistics.push_back(message.at(i));
}

}  // namespace dlt::daemon
