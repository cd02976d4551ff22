// Who logs: applications, their contexts, levels and counters.
//
//   application (id)  -> contexts (id) -> registrations (session, the application's own index of the context)
//
// An application may have several processes; each registration remembers its session, so that a level reaches them all.
// What has been counted stays when an application leaves (up to `max_departed` of them), so that the books still close.
// A context that sends without being registered is counted all the same, but control messages do not show it.
// Pure; the io thread's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/local.hpp"
#include "route/sink.hpp"

namespace dlt::daemon {

using SessionId = std::uint64_t;  // of an application's connection; never used twice

struct Registration {
  SessionId session = 0;
  std::int32_t position = 0;
};

struct ContextEntry {
  std::string description;
  std::int8_t level = -1;  // -1: the default
  std::int8_t trace = -1;
  std::vector<Registration> registrations;
  Volume received;

  [[nodiscard]] bool registered() const noexcept { return !registrations.empty(); }
};

struct ApplicationEntry {
  std::string description;
  std::int32_t pid = 0;  // of the process that registered last
  std::vector<SessionId> sessions;
  std::map<ContextId, ContextEntry> contexts;
  std::array<std::uint64_t, proto::local::loss_causes> lost{};
  std::uint64_t overflow = 0;                               // lost by the incumbent's count, which has no cause
  std::vector<proto::local::Statistics::Entry> statistics;  // the last that it sent
  std::uint64_t left = 0;                                   // order of leaving; 0 while connected or never registered

  [[nodiscard]] bool connected() const noexcept { return !sessions.empty(); }
  [[nodiscard]] bool has_registered_context() const noexcept;
};

struct Defaults {
  std::int8_t level = 4;
  std::int8_t trace = 0;
};

// A level that has to be told to an application.
struct LevelPush {
  SessionId session = 0;
  proto::local::LogLevel message;
};
struct Removed {
  AppId app;
  ContextId context;
};

class Registry {
 public:
  struct Limits {
    std::size_t applications = 1024;
    std::size_t contexts = 65'536;
    std::size_t departed = 256;
  };

  explicit Registry(Defaults defaults);
  Registry(Defaults defaults, Limits limits);

  // False: the limit is reached and nothing was changed.
  bool add_application(SessionId session, const proto::local::RegisterApplication& message);
  std::vector<Removed> remove_application(SessionId session, AppId app);
  // The answer for the application, if it is due one; `accepted` tells whether there was room.
  std::optional<LevelPush> add_context(SessionId session, const proto::local::RegisterContext& message, bool& accepted);
  bool remove_context(SessionId session, AppId app, ContextId context);
  std::vector<Removed> remove_session(SessionId session);

  // Changes levels or trace status; nullopt leaves one as it is. Each returns what applications have to be told.
  std::vector<LevelPush> set(AppId app, ContextId context, std::optional<std::int8_t> level,
                             std::optional<std::int8_t> trace);
  std::vector<LevelPush> set_application(AppId app, std::int8_t level, std::int8_t trace);
  std::vector<LevelPush> set_every(std::optional<std::int8_t> level, std::optional<std::int8_t> trace);
  std::vector<LevelPush> set_defaults(Defaults defaults);
  // Every level that this session should know, for a session that missed some.
  [[nodiscard]] std::vector<LevelPush> levels_of(SessionId session) const;

  [[nodiscard]] Defaults defaults() const noexcept { return defaults_; }
  [[nodiscard]] const std::map<AppId, ApplicationEntry>& applications() const noexcept { return applications_; }
  // A registered context, or nullptr.
  [[nodiscard]] const ContextEntry* find(AppId app, ContextId context) const;

  // The counter of a pair of ids; stays valid until generation() changes.
  [[nodiscard]] Volume& counter(AppId app, ContextId context);
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

  void add_loss(AppId app, proto::local::LossCause cause, std::uint64_t count);
  void add_overflow(AppId app, std::uint64_t count);
  void set_statistics(AppId app, const proto::local::Statistics& message);

 private:
  ApplicationEntry* application(AppId app);
  ContextEntry* context(ApplicationEntry& application, ContextId id);
  void forget_oldest();
  void leave(ApplicationEntry& application);
  void push_levels(const ContextEntry& entry, std::vector<LevelPush>& out) const;
  [[nodiscard]] proto::local::LogLevel effective(const ContextEntry& entry, std::int32_t position) const noexcept;

  Defaults defaults_;
  const Limits limits_;
  std::map<AppId, ApplicationEntry> applications_;
  std::size_t contexts_ = 0;
  std::size_t departed_ = 0;
  std::uint64_t leaving_ = 0;
  std::uint64_t generation_ = 0;
  Volume others_;  // of ids beyond the limits
};

}  // namespace dlt::daemon
