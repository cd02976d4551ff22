#include "status.hpp"

#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include "json_text.hpp"
#include "printable.hpp"
#include "version.hpp"

namespace dlt::daemon {

namespace {

double seconds(const timeval& t) noexcept {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}
double seconds(Clock::duration d) noexcept { return std::chrono::duration<double>(d).count(); }

JsonText volume(const Volume& v) { return {{"messages", v.messages}, {"bytes", v.bytes}}; }

std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

JsonText losses(const std::array<std::uint64_t, proto::local::loss_causes>& by_cause) {
  JsonText out = JsonText::object();
  for (std::size_t i = 0; i < by_cause.size(); ++i)
    out.add(proto::local::name(static_cast<proto::local::LossCause>(i)), by_cause[i]);
  return out;
}

JsonText statistics(const proto::local::Statistics::Entry& e) {
  return {{"buffer", e.buffer},     {"mode", e.mode},
          {"accepted", e.accepted}, {"delivered", e.delivered},
          {"queued", e.queued},     {"high_water", e.high_water},
          {"bytes", e.bytes},       {"dropped", losses(e.dropped)}};
}

// How the application's connection, or that of the last of its processes, came.
std::string_view way_of(const ApplicationEntry& entry) noexcept {
  if (!entry.connected()) return "";
  if (entry.owner == fifo_uid) return "fifo";
  return entry.owner == unknown_uid ? "tcp" : "socket";
}

JsonText fifo(const FifoSession* fifo) {
  if (fifo == nullptr) return JsonText::null();
  return {{"path", fifo->path()},
          {"size", fifo->capacity()},
          {"applications", fifo->applications()},
          {"garbage_bytes", fifo->garbage_bytes()},
          {"unsent", fifo->unsent()}};
}

JsonText application(AppId id, const ApplicationEntry& entry) {
  Volume received;
  JsonText contexts = JsonText::array();
  for (const auto& [c, e] : entry.contexts) {
    received.messages += e.received.messages;
    received.bytes += e.received.bytes;
    contexts.push_back({{"id", printable(c.text())},
                        {"description", printable(e.description)},
                        {"registered", e.registered()},
                        {"level", e.level},
                        {"trace", e.trace},
                        {"messages", e.received.messages},
                        {"bytes", e.received.bytes}});
  }
  JsonText lost = losses(entry.lost);
  lost.add("overflow", entry.overflow);
  JsonText buffers = JsonText::array();
  for (const auto& e : entry.statistics) buffers.push_back(statistics(e));
  return {{"id", printable(id.text())},
          {"description", printable(entry.description)},
          {"pid", entry.pid},
          {"connected", entry.connected()},
          {"via", way_of(entry)},
          {"received", volume(received)},
          {"lost", std::move(lost)},
          {"statistics", std::move(buffers)},
          {"contexts", std::move(contexts)}};
}

JsonText by_application(const std::map<AppId, std::uint64_t>& messages) {
  JsonText out = JsonText::object();
  for (const auto& [app, count] : messages) out.add(printable(app.text()), count);
  return out;
}

JsonText client(const ClientSession& session, Clock::time_point now) {
  const Unacknowledged* const kept = session.outbox().kept();
  return {{"peer", session.peer()},
          {"gateway", session.gateway() ? printable(session.gateway()->ecu.text()) : ""},
          {"unacknowledged_bytes", kept != nullptr ? kept->bytes() : 0},
          {"connected_s", seconds(now - session.since())},
          {"sent", volume(session.outbox().sent())},
          {"dropped", volume(session.outbox().dropped())},
          {"dropped_of", by_application(session.outbox().dropped_by_application())},
          {"filtered", session.filtered()},
          {"queued_bytes", session.outbox().bytes()},
          {"garbage_bytes", session.garbage_bytes()}};
}

std::string_view name(StorageStatus::State state) noexcept {
  switch (state) {
    case StorageStatus::State::off: return "off";
    case StorageStatus::State::writing: return "writing";
    case StorageStatus::State::suspended: return "suspended";
  }
  return "unknown";
}

JsonText storage(const StorageStatus& s) {
  return {{"enabled", s.state != StorageStatus::State::off},
          {"state", name(s.state)},
          {"file", s.file},
          {"problem", s.problem},
          {"written", volume(s.written)},
          {"dropped", volume(s.dropped)},
          {"queued_bytes", s.queued_bytes},
          {"file_bytes", s.file_bytes},
          {"files", s.files}};
}

std::string_view name(logstorage::DeviceStatus::State state) noexcept {
  using State = logstorage::DeviceStatus::State;
  switch (state) {
    case State::connecting: return "connecting";
    case State::connected: return "connected";
    case State::disconnecting: return "disconnecting";
    case State::failed: return "failed";
  }
  return "unknown";
}

JsonText device(const logstorage::DeviceStatus& d) {
  JsonText filters = JsonText::array();
  for (const auto& f : d.filters)
    filters.push_back({{"name", printable(f.name)},
                       {"file", printable(f.file)},
                       {"files", f.files},
                       {"stored", f.stored},
                       {"cached", f.cached},
                       {"overwritten", f.overwritten},
                       {"discarded", f.discarded},
                       {"failed", f.failed}});
  return {{"path", printable(d.path)},    {"state", name(d.state)}, {"problem", printable(d.problem)},
          {"errors", d.errors},           {"dropped", d.dropped},   {"queued_bytes", d.queued_bytes},
          {"filters", std::move(filters)}};
}

JsonText stages(const SnapshotStages& took) {
  return {{"read", took.read}, {"compress", took.compress}, {"sync", took.sync}};
}

JsonText snapshots(const Snapshots::Status& s) {
  return {{"enabled", s.enabled}, {"directory", s.directory}, {"taken", s.taken},     {"refused", s.refused},
          {"failed", s.failed},   {"bytes", s.bytes},         {"waiting", s.waiting}, {"last", s.last},
          {"problem", s.problem}, {"last_us", stages(s.took)}};
}

JsonText broken_link(const BrokenLink& link, Clock::time_point now) {
  return {{"gateway", printable(link.gateway().ecu.text())},
          {"since_s", seconds(now - link.since())},
          {"waiting", link.waiting()},
          {"bytes", link.bytes()},
          {"lost", link.waiting() ? link.lost() : link.missed()}};
}

std::string_view name(gateway::Link::State state) noexcept {
  using State = gateway::Link::State;
  switch (state) {
    case State::idle: return "idle";
    case State::connecting: return "connecting";
    case State::up: return "connected";
    case State::waiting: return "waiting";
    case State::given_up: return "given_up";
  }
  return "unknown";
}

JsonText node(const gateway::NodeSession& n) {
  const auto& stream = n.stream();
  const std::uint64_t connections = n.connections();
  return {{"ecu", printable(n.config().ecu.text())},
          {"address", n.address()},
          {"state", name(n.link().state())},
          {"problem", printable(n.problem())},
          {"received", volume(stream.received())},
          {"control_messages", stream.control_messages()},
          {"lost", stream.lost()},
          {"acknowledged", stream.reception().up()},
          {"resumed", stream.reception().resumed()},
          {"garbage_bytes", stream.garbage_bytes()},
          {"foreign_messages", stream.foreign_messages()},
          {"reconnects", connections == 0 ? 0 : connections - 1},
          {"forwarded", n.forwarded()},
          {"refused", n.refused()}};
}

JsonText process() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {{"cpu", {{"user_s", seconds(usage.ru_utime)}, {"system_s", seconds(usage.ru_stime)}}},
          {"rss_bytes", resident_bytes()},
          {"peak_rss_bytes", static_cast<std::uint64_t>(usage.ru_maxrss) * 1024},
          {"context_switches", {{"voluntary", usage.ru_nvcsw}, {"involuntary", usage.ru_nivcsw}}}};
}

JsonText limits(const Config& c) {
  return {{"applications", c.max_applications},
          {"applications_per_user", c.max_applications_per_user},
          {"contexts", c.max_contexts},
          {"contexts_per_user", c.max_contexts_per_user},
          {"clients", c.max_clients},
          {"handshakes", c.max_handshakes},
          {"bytes_per_second", c.application_rate}};
}

JsonText refused(const Refusals& refusals) {
  JsonText out = JsonText::object();
  for (std::size_t i = 0; i < refusal_reasons; ++i) {
    const auto why = static_cast<Refusal>(i);
    out.add(name(why), refusals.count(why));
  }
  return out;
}

JsonText users(const StatusSources& s) {
  JsonText out = JsonText::array();
  for (const auto& [uid, connections] : s.hub.connections()) {
    const auto& all = s.exchange.registry.users();
    const auto usage = all.find(uid);
    out.push_back({{"uid", uid == unknown_uid ? JsonText::null() : JsonText(uid)},
                   {"connections", connections},
                   {"applications", usage != all.end() ? usage->second.applications : 0},
                   {"contexts", usage != all.end() ? usage->second.contexts : 0}});
  }
  return out;
}

}  // namespace

std::string status_json(const StatusSources& s) {
  const auto now = Clock::now();
  const Router& router = s.exchange.router;
  JsonText out = process();
  out.add("version", version);
  out.add("pid", ::getpid());
  out.add("ecu", printable(s.config.ecu.text()));
  out.add("uptime_s", seconds(now - s.started));
  out.add("client_port", s.client_port);
  out.add("app_port", s.app_port);
  out.add("app_socket", s.config.app_socket);
  out.add("fifo", fifo(s.hub.fifo()));
  out.add("totals", {{"received_messages", router.total().messages},
                     {"received_bytes", router.total().bytes},
                     {"garbage_bytes", s.exchange.garbage_bytes},
                     {"salvaged_messages", s.exchange.salvaged_messages},
                     {"repeated_messages", s.exchange.repeated_messages},
                     {"above_level", s.exchange.intake.above_level()},
                     {"over_quota", s.exchange.intake.over_quota()},
                     {"repetitions", s.exchange.intake.repetitions()}});
  out.add("limits", limits(s.config));
  out.add("refused", refused(s.exchange.refusals));
  out.add("users", users(s));
  out.add("backlog", {{"bytes", router.backlog().bytes()}, {"evicted", volume(router.backlog().evicted())}});
  JsonText applications = JsonText::array();
  for (const auto& [id, entry] : s.exchange.registry.applications()) applications.push_back(application(id, entry));
  out.add("applications", applications);
  JsonText clients = JsonText::array();
  for (const auto& c : s.hub.clients()) clients.push_back(client(*c, now));
  out.add("clients", clients);
  JsonText broken = JsonText::array();
  for (const auto& link : s.hub.broken_links().all()) broken.push_back(broken_link(*link, now));
  out.add("broken_links", broken);
  const auto forgotten = s.hub.broken_links().forgotten();
  out.add("forgotten_links", {{"links", forgotten.links}, {"messages", forgotten.messages}});
  out.add("storage", storage(s.storage));
  JsonText devices = JsonText::array();
  for (const auto& d : s.logstorage) devices.push_back(device(d));
  out.add("logstorage", devices);
  out.add("snapshots", snapshots(s.snapshots));
  JsonText nodes = JsonText::array();
  for (const auto& n : s.hub.gateway().nodes()) nodes.push_back(node(*n));
  out.add("nodes", nodes);
  return out.text() + "\n";
}

}  // namespace dlt::daemon
