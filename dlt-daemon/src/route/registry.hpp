// Who logs: applications, their contexts, levels and counters.
//
//   application (id)  -> contexts (id) -> registrations (session, the application's own index of the context)
//
// An application may have several processes; each registration remembers its session, so that a level reaches them all.
// While one of them is connected the id belongs to its user: nobody else may register, unregister or use it. A list of
// reserved ids says so even while nobody is connected. Who came by the incumbent's FIFO (fifo_uid) is the weakest: it
// may not use what belongs to another user, and its own ids belong to nobody. When a user of a socket registers one of
// them, the registrations of the FIFO end. Among themselves, who registered last decides.
// What has been counted stays when an application leaves (up to `departed` of them), so that the books still close.
// A context that sends without being registered is counted all the same, but control messages do not show it; those are
// `strangers`, with a limit of their own, so that they cannot use up the room of those that register.
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
#include "route/refusals.hpp"
#include "route/sink.hpp"
#include "route/source.hpp"
#include "route/stored_levels.hpp"

namespace dlt::daemon {

struct Registration {
  SessionId session = 0;
  std::int32_t position = 0;
};

struct ContextEntry {
  std::string description;
  std::int8_t level = -1;  // -1: the default
  std::int8_t trace = -1;
  std::int8_t floor = -1;  // applications are told no level below it; -1: none
  std::vector<Registration> registrations;
  Volume received;
  bool stranger = false;  // sends, but was never registered

  [[nodiscard]] bool registered() const noexcept { return !registrations.empty(); }
};

struct ApplicationEntry {
  std::string description;
  std::int32_t pid = 0;      // of the process that registered last
  std::optional<Uid> owner;  // set while connected
  std::vector<SessionId> sessions;
  std::map<ContextId, ContextEntry> contexts;
  std::size_t strangers = 0;  // among the contexts
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

// What a user has at present.
struct Usage {
  std::size_t applications = 0;
  std::size_t contexts = 0;
};

class Registry {
 public:
  struct Limits {
    std::size_t applications = 1024;
    std::size_t contexts = 65'536;
    std::size_t departed = 256;
    std::size_t strangers = 1024;              // contexts
    std::size_t applications_per_user = 1024;  // that are connected
    std::size_t contexts_per_user = 65'536;    // of those
    bool shared_ids = false;                   // true: an id belongs to nobody
    std::map<AppId, Uid> reserved{};           // ids that belong to these users, connected or not
  };

  explicit Registry(Defaults defaults);
  Registry(Defaults defaults, Limits limits);
  void set_limits(Limits limits);
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  // Levels that contexts get when they register, whatever they ask for.
  void set_stored(StoredLevels levels) noexcept { stored_ = std::move(levels); }
  [[nodiscard]] const StoredLevels& stored() const noexcept { return stored_; }
  // True: applications are told no level and no trace status above the defaults.
  std::vector<LevelPush> set_forced(bool forced);

  // Levels that storage needs: asked for each context, now and when it registers; -1: none. Forced levels are stronger.
  // `kept`: also after a client has set the context's level.
  using Floor = std::function<std::int8_t(AppId, ContextId)>;
  std::vector<LevelPush> set_floor(Floor floor, bool kept);

  // May this user speak in the name of the application? Who asks calls the rest only then.
  [[nodiscard]] bool may_use(AppId app, Uid user) const;

  // What was refused, if anything was; then nothing has changed.
  std::optional<Refusal> add_application(const Source& from, const proto::local::RegisterApplication& message);
  std::vector<Removed> remove_application(SessionId session, AppId app);
  struct Added {
    std::optional<Refusal> refused;
    std::optional<LevelPush> level{};  // the answer for the application, if it is due one
  };
  Added add_context(const Source& from, const proto::local::RegisterContext& message);
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

  // The counter of a pair of ids; it, and what may_use() says, stay valid until generation() changes.
  [[nodiscard]] Volume& counter(AppId app, ContextId context);
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  // A message of ids for whose counter there is no room.
  void count_other(std::size_t bytes) noexcept { ++others_.messages, others_.bytes += bytes; }

  void add_loss(AppId app, proto::local::LossCause cause, std::uint64_t count);
  void add_overflow(AppId app, std::uint64_t count);
  void set_statistics(AppId app, const proto::local::Statistics& message);

  [[nodiscard]] const std::map<Uid, Usage>& users() const noexcept { return users_; }

 private:
  ApplicationEntry* known(AppId app);
  ApplicationEntry* known_or_stranger(AppId app);
  std::optional<Refusal> connect(AppId app, const Source& from, ApplicationEntry*& entry);
  std::optional<Refusal> make_room_for_context(const ApplicationEntry& application);
  bool forget_oldest(const ApplicationEntry* spared);
  void evict(ApplicationEntry& application);
  void leave(ApplicationEntry& application);
  void push_levels(const ContextEntry& entry, std::vector<LevelPush>& out) const;
  [[nodiscard]] proto::local::LogLevel effective(const ContextEntry& entry, std::int32_t position) const noexcept;

  Defaults defaults_;
  bool forced_ = false;
  Floor floor_;
  bool floor_kept_ = true;
  Limits limits_;
  StoredLevels stored_;
  std::map<AppId, ApplicationEntry> applications_;
  std::map<Uid, Usage> users_;  // with anything at all
  std::size_t contexts_ = 0;    // without strangers
  std::size_t strangers_ = 0;
  std::size_t departed_ = 0;
  std::uint64_t leaving_ = 0;
  std::uint64_t generation_ = 0;
  Volume others_;  // of ids beyond the limits
};

}  // namespace dlt::daemon
