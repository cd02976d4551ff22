#include "route/control.hpp"

#include <algorithm>

#include "dlt/proto/header.hpp"
#include "route/log_info_pages.hpp"

namespace dlt::daemon {

namespace control = proto::control;
using control::Service;
using control::Status;

namespace {

bool has_star(std::string_view id) noexcept { return !id.empty() && id.back() == '*'; }

// Empty matches everything, "ab*" what begins with "ab".
bool matches(std::string_view pattern, std::string_view id) noexcept {
  if (pattern.empty()) return true;
  return has_star(pattern) ? id.starts_with(pattern.substr(0, pattern.size() - 1)) : id == pattern;
}

// A request for one context, by full names. With two empty names nothing is meant.
bool names_one(std::string_view app, std::string_view context) noexcept {
  if (app.empty() && context.empty()) return true;
  return !app.empty() && !context.empty() && !has_star(app) && !has_star(context);
}

control::LogInfo::Context describe(ContextId id, const ContextEntry& entry) {
  return {id, entry.level, entry.trace, entry.description};
}

constexpr std::size_t longest_payload = 65535 - proto::headers_size(proto::htyp::control);
// Of one page where a list needs several. COVESA's dlt-control garbles answers of more than about 4,500 bytes, and
// python-dlt disconnects at 9,900.
constexpr std::size_t page_size = 4000;

}  // namespace

// One request on its way; an overload for each kind.
struct Control::Call {
  Control& self;
  const control::Envelope& asked;
  std::uint32_t timestamp;
  Outcome& out;

  void reply(const control::Response& response) const { out.replies.push_back(self.make(response, timestamp)); }
  void reply(Service service, Status status) const { reply(control::Plain{service, status}); }
  void push(std::vector<LevelPush> levels) const { out.levels.insert(out.levels.end(), levels.begin(), levels.end()); }

  void set(Service service, AppId app, ContextId context, std::optional<std::int8_t> level,
           std::optional<std::int8_t> trace) const {
    if (level.value_or(0) < -1 || level.value_or(0) > 6 || trace.value_or(0) < -1 || trace.value_or(0) > 1)
      return reply(service, Status::error);
    if (names_one(app.text(), context.text())) {
      // The incumbent names set_log_level here, whichever of the two was asked for.
      if (self.registry_.find(app, context) == nullptr) return reply(Service::set_log_level, Status::error);
      push(self.registry_.set(app, context, level, trace));
      return reply(service, Status::ok);
    }
    for (const auto& [a, entry] : self.registry_.applications())
      for (const auto& [c, e] : entry.contexts)
        if (e.registered() && matches(app.text(), a.text()) && matches(context.text(), c.text())) {
          push(self.registry_.set(a, c, level, trace));
          reply(service, Status::ok);
        }
  }

  void operator()(const control::SetLogLevel& r) const {
    set(Service::set_log_level, r.app, r.context, r.level, std::nullopt);
  }
  void operator()(const control::SetTraceStatus& r) const {
    set(Service::set_trace_status, r.app, r.context, std::nullopt, r.status);
  }
  void operator()(const control::GetLogInfo& r) const {
    if (r.options < 3 || r.options > 7) return reply(Service::get_log_info, Status::error);
    control::LogInfo info{r.options, {}, control::remote};
    std::size_t contexts = 0;
    for (const auto& [id, entry] : self.registry_.applications()) {
      if (!entry.has_registered_context() || !(r.app.empty() || r.app == id)) continue;
      control::LogInfo::Application app{id, {}, entry.description};
      for (const auto& [c, e] : entry.contexts)
        if (e.registered() && (r.context.empty() || r.context == c)) app.contexts.push_back(describe(c, e));
      contexts += app.contexts.size();
      if (!app.contexts.empty()) info.applications.push_back(std::move(app));
    }
    if (contexts == 0) return reply(control::NoLogInfo{control::NoLogInfo::Reason::no_match, control::remote});
    if (control::encoded_size(info) <= longest_payload) return reply(std::move(info));
    for (auto& page : pages_of(info, page_size)) reply(std::move(page));
  }
  void operator()(const control::GetDefaultLogLevel&) const {
    reply(control::DefaultLogLevel{Status::ok, self.registry_.defaults().level});
  }
  void operator()(const control::StoreConfig&) const {
    if (!self.options_.store) return reply(Service::store_config, Status::not_supported);
    reply(Service::store_config, self.options_.store() ? Status::ok : Status::error);
  }
  void operator()(const control::ResetToFactoryDefault&) const {
    const Defaults now = self.registry_.defaults();
    const Defaults factory = self.options_.factory;
    if (now.level != factory.level || now.trace != factory.trace) push(self.registry_.set_defaults(factory));
    const bool forgotten = !self.options_.forget || self.options_.forget();
    reply(Service::reset_to_factory_default, forgotten ? Status::ok : Status::error);
  }
  void operator()(const control::SetTimingPackets& r) const {
    if (r.on > 1) return reply(Service::set_timing_packets, Status::error);
    out.timing = r.on == 1;
    reply(Service::set_timing_packets, Status::ok);
  }
  void operator()(const control::GetLocalTime&) const { reply(Service::get_local_time, Status::ok); }
  void operator()(const control::SetDefaultLogLevel& r) const {
    if (r.level < 0 || r.level > 6) return reply(Service::set_default_log_level, Status::error);
    push(self.registry_.set_defaults({r.level, self.registry_.defaults().trace}));
    reply(Service::set_default_log_level, Status::ok);
  }
  void operator()(const control::SetDefaultTraceStatus& r) const {
    if (r.status < 0 || r.status > 1) return reply(Service::set_default_trace_status, Status::error);
    push(self.registry_.set_defaults({self.registry_.defaults().level, r.status}));
    reply(Service::set_default_trace_status, Status::ok);
  }
  void operator()(const control::GetSoftwareVersion&) const {
    reply(control::SoftwareVersion{Status::ok, self.options_.version});
  }
  void operator()(const control::GetMessageBufferOverflow&) const { reply(control::MessageBufferOverflow{}); }
  void operator()(const control::OfflineLogstorage& r) const {
    if (!self.options_.logstorage || r.connection > 2) return reply(Service::offline_logstorage, Status::error);
    const auto end = r.mount_point.find('\0');
    out.logstorage.push_back(
        {static_cast<LogstorageRequest::Kind>(r.connection), std::string(r.mount_point.substr(0, end))});
  }
  // Without a gateway the incumbent refuses both in the name of the second.
  void operator()(const control::PassiveNodeConnect& r) const {
    if (!self.options_.gateway) return reply(Service::passive_node_status, Status::error);
    if (r.connect > 1) return reply(Service::passive_node_connect, Status::error);
    out.nodes.push_back({r.connect == 1 ? NodeRequest::Kind::connect : NodeRequest::Kind::disconnect, r.node});
  }
  void operator()(const control::GetPassiveNodeStatus&) const {
    if (!self.options_.gateway) return reply(Service::passive_node_status, Status::error);
    out.nodes.push_back({NodeRequest::Kind::status, {}});
  }
  void operator()(const control::SetAllLogLevel& r) const {
    if (r.level < -1 || r.level > 6) return reply(Service::set_all_log_level, Status::error);
    push(self.registry_.set_every(r.level, std::nullopt));
    reply(Service::set_all_log_level, Status::ok);
  }
  void operator()(const control::SetAllTraceStatus& r) const {
    if (r.status < -1 || r.status > 1) return reply(Service::set_all_trace_status, Status::error);
    push(self.registry_.set_every(std::nullopt, r.status));
    reply(Service::set_all_trace_status, Status::ok);
  }
  void operator()(const control::SetClientFilter& r) const {
    FilterRules rules;
    if (rules.add_lines(r.rules)) return reply(Service::set_client_filter, Status::error);
    out.filter = std::move(rules);
    reply(Service::set_client_filter, Status::ok);
  }
  void operator()(const control::TakeSnapshot& r) const {
    if (!self.options_.snapshots) return reply(Service::snapshot, Status::not_supported);
    out.snapshots.push_back({r.app});
  }
  void operator()(const control::GatewayLink& r) const { out.link = r; }
  void operator()(const control::GatewayReceived& r) const { out.received = r; }
  void operator()(const control::Injection& r) const {
    const auto service = static_cast<Service>(r.service);
    if (!self.options_.injections) return reply(service, Status::permission_denied);
    const ContextEntry* context = self.registry_.find(asked.app, asked.context);
    if (context == nullptr) return reply(service, Status::error);
    for (const Registration& to : context->registrations)
      out.injections.push_back(
          {to.session, to.position, r.service, {r.data.begin(), r.data.end()}, out.replies.size()});
    reply(service, Status::ok);
  }
  void operator()(const control::OtherRequest& r) const { reply(r.service, Status::not_supported); }
};

void Control::handle(proto::Bytes frame, std::uint32_t timestamp, Outcome& out) {
  proto::ByteReader in(frame);
  const auto standard = proto::StandardHeader::decode(in);
  if (!standard || (standard->htyp & proto::htyp::extended_header) == 0) return;
  const auto extended = proto::ExtendedHeader::decode(in);
  if (!extended || extended->msin != proto::msin::control_request) return;
  const bool big = (standard->htyp & proto::htyp::big_endian_payload) != 0;
  const auto order = big ? std::endian::big : std::endian::little;
  if ((standard->htyp & proto::htyp::with_ecu) != 0 && is_node(standard->ecu)) {
    const auto service = static_cast<Service>(in.number<std::uint32_t>(order));
    if (in.ok()) out.forwarded.push_back({standard->ecu, service, {frame.begin(), frame.end()}});
    return;
  }
  const auto request = control::decode_request(in.rest(), order);
  if (!request) return;
  control::Envelope asked;
  asked.app = extended->app;
  asked.context = extended->context;
  std::visit(Call{*this, asked, timestamp, out}, *request);
}

bool Control::is_node(EcuId ecu) const noexcept {
  return std::find(options_.nodes.begin(), options_.nodes.end(), ecu) != options_.nodes.end();
}

Frame Control::make(const control::Response& response, std::uint32_t timestamp, AppId app) const {
  control::Envelope envelope;
  envelope.ecu = options_.ecu;
  envelope.timestamp = timestamp;
  envelope.app = app;
  auto frame = control::frame(response, envelope);
  if (frame) return *std::move(frame);
  return *control::frame(control::Plain{control::service_of(response), Status::error}, envelope);
}

Frame Control::connection_info(std::uint8_t state, std::uint32_t timestamp) const {
  return make(control::ConnectionInfo{Status::ok, state, {}}, timestamp);
}

Frame Control::context_registered(AppId app, ContextId context, std::uint32_t timestamp) const {
  control::LogInfo info{options_.registration_option, {}, control::remote};
  const auto a = registry_.applications().find(app);
  if (a != registry_.applications().end())
    if (const auto c = a->second.contexts.find(context); c != a->second.contexts.end())
      info.applications.push_back({app, {describe(context, c->second)}, a->second.description});
  return make(info, timestamp);
}

Frame Control::context_unregistered(AppId app, ContextId context, std::uint32_t timestamp) const {
  return make(control::ContextUnregistered{Status::ok, app, context, control::remote}, timestamp);
}

Frame Control::lost(AppId app, std::uint64_t count, std::uint32_t timestamp) const {
  const auto shown = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 0xffff'ffff));
  return make(control::MessageBufferOverflow{Status::ok, 1, shown}, timestamp, app);
}

Frame Control::undelivered(const InjectionPush& push, std::uint32_t timestamp) const {
  return make(control::Plain{static_cast<Service>(push.service), Status::error}, timestamp);
}

Frame Control::logstorage(Status status, std::uint32_t timestamp) const {
  return make(control::Plain{Service::offline_logstorage, status}, timestamp);
}

Frame Control::gateway_linked(const control::GatewayLinked& answer, std::uint32_t timestamp) const {
  return make(answer, timestamp);
}

Frame Control::gateway_refused(std::uint32_t timestamp) const {
  return make(control::Plain{Service::gateway_link, Status::error}, timestamp);
}

Frame Control::snapshots(const control::Snapshots& answer, std::uint32_t timestamp) const {
  return make(answer, timestamp);
}

Frame Control::passive_node(Status status, std::uint32_t timestamp) const {
  return make(control::Plain{Service::passive_node_connect, status}, timestamp);
}

Frame Control::passive_nodes(const control::PassiveNodeStatus& status, std::uint32_t timestamp) const {
  return make(status, timestamp);
}

Frame Control::unreachable(EcuId node, Service service, std::uint32_t timestamp) {
  control::Envelope envelope;
  envelope.ecu = node;
  envelope.timestamp = timestamp;
  return *control::frame(control::Plain{service, Status::error}, envelope);
}

Frame Control::marker(std::uint32_t timestamp) const { return make(control::Marker{}, timestamp); }

Frame Control::software_version(std::uint32_t timestamp) const {
  return make(control::SoftwareVersion{Status::ok, options_.version}, timestamp);
}

Frame Control::timezone(std::int32_t offset_s, bool dst, std::uint32_t timestamp) const {
  return make(control::Timezone{Status::ok, offset_s, static_cast<std::uint8_t>(dst ? 1 : 0)}, timestamp);
}

Frame Control::time(std::uint32_t timestamp) const {
  control::Envelope envelope;
  envelope.ecu = options_.ecu;
  envelope.timestamp = timestamp;
  return control::time_frame(envelope);
}

}  // namespace dlt::daemon
