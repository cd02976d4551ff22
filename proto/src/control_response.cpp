#include <algorithm>

#include "dlt/proto/control.hpp"

namespace dlt::proto::control {

namespace {

constexpr std::size_t max_count = 65535;

bool has_level(std::uint8_t options) noexcept { return options == 4 || options == 6 || options == 7; }
bool has_trace_status(std::uint8_t options) noexcept { return options == 5 || options == 6 || options == 7; }
bool has_descriptions(std::uint8_t options) noexcept { return options == 7; }

std::uint16_t counted(std::size_t n) noexcept { return static_cast<std::uint16_t>(std::min(n, max_count)); }

struct Encoder {
  ByteWriter& out;
  std::endian order;

  void head(Service s, Status status) const noexcept {
    out.number(static_cast<std::uint32_t>(s), order);
    out.u8(static_cast<std::uint8_t>(status));
  }
  void description(std::string_view text) const noexcept {
    out.number(counted(text.size()), order);
    out.text(text.substr(0, max_count));
  }

  void operator()(const Plain& m) const noexcept { head(m.service, m.status); }
  void operator()(const LogInfo& m) const noexcept {
    head(Service::get_log_info, static_cast<Status>(m.options));
    out.number(counted(m.applications.size()), order);
    for (std::size_t i = 0; i < m.applications.size() && i < max_count; ++i) application(m.applications[i], m.options);
    out.id(m.interface);
  }
  void application(const LogInfo::Application& app, std::uint8_t options) const noexcept {
    out.id(app.id);
    out.number(counted(app.contexts.size()), order);
    for (std::size_t i = 0; i < app.contexts.size() && i < max_count; ++i) context(app.contexts[i], options);
    if (has_descriptions(options)) description(app.description);
  }
  void context(const LogInfo::Context& c, std::uint8_t options) const noexcept {
    out.id(c.id);
    if (has_level(options)) out.i8(c.level);
    if (has_trace_status(options)) out.i8(c.trace_status);
    if (has_descriptions(options)) description(c.description);
  }
  void operator()(const NoLogInfo& m) const noexcept {
    // The interface comes before the (empty) list here, unlike in LogInfo: so the incumbent writes it.
    head(Service::get_log_info, static_cast<Status>(m.reason));
    out.id(m.interface);
    out.number(std::uint16_t{0}, order);
  }
  void operator()(const DefaultLogLevel& m) const noexcept {
    head(Service::get_default_log_level, m.status);
    out.i8(m.level);
  }
  void operator()(const SoftwareVersion& m) const noexcept {
    head(Service::get_software_version, m.status);
    out.number(static_cast<std::uint32_t>(m.text.size()), order);
    out.text(m.text);
  }
  void operator()(const MessageBufferOverflow& m) const noexcept {
    head(Service::message_buffer_overflow, m.status);
    out.u8(m.overflow);
    out.number(m.lost, order);
  }
  void operator()(const ContextUnregistered& m) const noexcept {
    head(Service::unregister_context, m.status);
    out.id(m.app);
    out.id(m.context);
    out.id(m.interface);
  }
  void operator()(const ConnectionInfo& m) const noexcept {
    head(Service::connection_info, m.status);
    out.u8(m.state);
    out.id(m.interface);
  }
  void operator()(const Timezone& m) const noexcept {
    head(Service::timezone, m.status);
    out.number(static_cast<std::uint32_t>(m.offset_s), order);
    out.u8(m.is_dst);
  }
  void operator()(const Marker&) const noexcept { head(Service::marker, Status::ok); }
  void operator()(const PassiveNodeStatus& m) const noexcept {
    const std::size_t n = std::min(m.nodes.size(), PassiveNodeStatus::max_nodes);
    head(Service::passive_node_status, m.status);
    out.number(static_cast<std::uint32_t>(n), order);
    for (std::size_t i = 0; i < 4 * PassiveNodeStatus::max_nodes; ++i)
      out.u8(i < n ? m.nodes[i].state : std::uint8_t{0});
    for (std::size_t i = 0; i < PassiveNodeStatus::max_nodes; ++i) out.id(i < n ? m.nodes[i].id : EcuId{});
  }
  void operator()(const Snapshots& m) const noexcept {
    head(Service::snapshot, m.status);
    out.number(m.written, order);
    out.number(static_cast<std::uint32_t>(m.text.size()), order);
    out.text(m.text);
  }
  void operator()(const GatewayLinked& m) const noexcept {
    head(Service::gateway_link, m.status);
    out.number(m.link, order);
    out.number(m.epoch, order);
    out.number(m.sent, order);
    out.u8(m.resumed);
  }
};

struct ServiceOf {
  Service operator()(const Plain& m) const noexcept { return m.service; }
  Service operator()(const LogInfo&) const noexcept { return Service::get_log_info; }
  Service operator()(const NoLogInfo&) const noexcept { return Service::get_log_info; }
  Service operator()(const DefaultLogLevel&) const noexcept { return Service::get_default_log_level; }
  Service operator()(const SoftwareVersion&) const noexcept { return Service::get_software_version; }
  Service operator()(const MessageBufferOverflow&) const noexcept { return Service::message_buffer_overflow; }
  Service operator()(const ContextUnregistered&) const noexcept { return Service::unregister_context; }
  Service operator()(const ConnectionInfo&) const noexcept { return Service::connection_info; }
  Service operator()(const Timezone&) const noexcept { return Service::timezone; }
  Service operator()(const Marker&) const noexcept { return Service::marker; }
  Service operator()(const PassiveNodeStatus&) const noexcept { return Service::passive_node_status; }
  Service operator()(const Snapshots&) const noexcept { return Service::snapshot; }
  Service operator()(const GatewayLinked&) const noexcept { return Service::gateway_link; }
};

struct SizeOf {
  static constexpr std::size_t head = 5;
  static constexpr std::size_t id = 4;

  std::size_t operator()(const Plain&) const noexcept { return head; }
  std::size_t operator()(const LogInfo& m) const noexcept {
    const bool texts = has_descriptions(m.options);
    const std::size_t per_context =
        id + (has_level(m.options) ? 1U : 0U) + (has_trace_status(m.options) ? 1U : 0U) + (texts ? 2U : 0U);
    std::size_t size = head + 2 + id;
    for (const auto& app : m.applications) {
      size += id + 2 + app.contexts.size() * per_context;
      if (!texts) continue;
      size += 2 + std::min(app.description.size(), max_count);
      for (const auto& c : app.contexts) size += std::min(c.description.size(), max_count);
    }
    return size;
  }
  std::size_t operator()(const NoLogInfo&) const noexcept { return head + id + 2; }
  std::size_t operator()(const DefaultLogLevel&) const noexcept { return head + 1; }
  std::size_t operator()(const SoftwareVersion& m) const noexcept { return head + 4 + m.text.size(); }
  std::size_t operator()(const MessageBufferOverflow&) const noexcept { return head + 1 + 4; }
  std::size_t operator()(const ContextUnregistered&) const noexcept { return head + 3 * id; }
  std::size_t operator()(const ConnectionInfo&) const noexcept { return head + 1 + id; }
  std::size_t operator()(const Timezone&) const noexcept { return head + 4 + 1; }
  std::size_t operator()(const Marker&) const noexcept { return head; }
  std::size_t operator()(const PassiveNodeStatus&) const noexcept {
    return head + 4 + PassiveNodeStatus::max_nodes * (4 + id);
  }
  std::size_t operator()(const Snapshots& m) const noexcept { return head + 4 + 4 + m.text.size(); }
  std::size_t operator()(const GatewayLinked&) const noexcept { return head + 8 + 8 + 8 + 1; }
};

template <class T>
Result<Response> whole(const ByteReader& in, T m) {
  if (!in.ok()) return Errc::truncated;
  return Response{std::move(m)};
}

std::string_view decode_description(ByteReader& in, std::endian order) noexcept {
  return as_text(in.take(in.number<std::uint16_t>(order)));
}

LogInfo::Application decode_application(ByteReader& in, std::uint8_t options, std::endian order) {
  LogInfo::Application app;
  app.id = in.id<AppId>();
  const std::size_t n = in.number<std::uint16_t>(order);
  for (std::size_t i = 0; i < n && in.ok(); ++i) {
    LogInfo::Context c;
    c.id = in.id<ContextId>();
    if (has_level(options)) c.level = in.i8();
    if (has_trace_status(options)) c.trace_status = in.i8();
    if (has_descriptions(options)) c.description = decode_description(in, order);
    app.contexts.push_back(c);
  }
  if (has_descriptions(options)) app.description = decode_description(in, order);
  return app;
}

Result<Response> decode_log_info(ByteReader& in, std::uint8_t options, std::endian order) {
  if (options == static_cast<std::uint8_t>(NoLogInfo::Reason::no_match) ||
      options == static_cast<std::uint8_t>(NoLogInfo::Reason::overflow)) {
    const NoLogInfo m{static_cast<NoLogInfo::Reason>(options), in.id<Interface>()};
    in.skip(2);
    return whole(in, m);
  }
  if (options < 3 || options > 7) return Errc::invalid_argument;
  LogInfo m;
  m.options = options;
  const std::size_t n = in.number<std::uint16_t>(order);
  for (std::size_t i = 0; i < n && in.ok(); ++i) m.applications.push_back(decode_application(in, options, order));
  m.interface = in.id<Interface>();
  return whole(in, std::move(m));
}

Result<Response> decode_passive_nodes(ByteReader& in, Status status, std::endian order) {
  PassiveNodeStatus m{status, {}};
  const std::size_t n = in.number<std::uint32_t>(order);
  ByteReader states(in.take(4 * PassiveNodeStatus::max_nodes));
  ByteReader ids(in.take(4 * PassiveNodeStatus::max_nodes));
  if (!in.ok()) return Errc::truncated;
  if (n > PassiveNodeStatus::max_nodes) return Errc::bad_length;
  for (std::size_t i = 0; i < n; ++i) m.nodes.push_back({ids.id<EcuId>(), states.u8()});
  return Response{std::move(m)};
}

Result<Response> decode_version(ByteReader& in, Status status, std::endian order) {
  const auto length = in.number<std::uint32_t>(order);
  return whole(in, SoftwareVersion{status, as_text(in.take(length))});
}

Result<Response> decode_snapshots(ByteReader& in, Status status, std::endian order) {
  const auto written = in.number<std::uint32_t>(order);
  const auto length = in.number<std::uint32_t>(order);
  return whole(in, Snapshots{status, written, as_text(in.take(length))});
}

Result<Response> decode_gateway_linked(ByteReader& in, Status status, std::endian order) {
  const auto link = in.number<std::uint64_t>(order);
  const auto epoch = in.number<std::uint64_t>(order);
  const auto sent = in.number<std::uint64_t>(order);
  return whole(in, GatewayLinked{status, link, epoch, sent, in.u8()});
}

}  // namespace

void encode(ByteWriter& out, const Response& response, std::endian order) noexcept {
  std::visit(Encoder{out, order}, response);
}

std::size_t encoded_size(const Response& response) noexcept { return std::visit(SizeOf{}, response); }

Service service_of(const Response& response) noexcept { return std::visit(ServiceOf{}, response); }

Result<Response> decode_response(Bytes payload, std::endian order) {
  ByteReader in(payload);
  const auto service = static_cast<Service>(in.number<std::uint32_t>(order));
  const auto status = static_cast<Status>(in.u8());
  if (!in.ok()) return Errc::truncated;
  if (service == Service::marker && status == Status::ok) return Response{Marker{}};
  if (in.remaining() == 0 || is_injection(service)) return Response{Plain{service, status}};
  switch (service) {
    case Service::get_log_info: return decode_log_info(in, static_cast<std::uint8_t>(status), order);
    case Service::get_default_log_level: return whole(in, DefaultLogLevel{status, in.i8()});
    case Service::get_software_version: return decode_version(in, status, order);
    case Service::message_buffer_overflow:
      return whole(in, MessageBufferOverflow{status, in.u8(), in.number<std::uint32_t>(order)});
    case Service::unregister_context:
      return whole(in, ContextUnregistered{status, in.id<AppId>(), in.id<ContextId>(), in.id<Interface>()});
    case Service::connection_info: return whole(in, ConnectionInfo{status, in.u8(), in.id<Interface>()});
    case Service::timezone:
      return whole(in, Timezone{status, static_cast<std::int32_t>(in.number<std::uint32_t>(order)), in.u8()});
    case Service::passive_node_status: return decode_passive_nodes(in, status, order);
    case Service::snapshot: return decode_snapshots(in, status, order);
    case Service::gateway_link: return decode_gateway_linked(in, status, order);
    case Service::set_log_level:
    case Service::set_trace_status:
    case Service::store_config:
    case Service::reset_to_factory_default:
    case Service::set_com_interface_status:
    case Service::set_com_interface_max_bandwidth:
    case Service::set_verbose_mode:
    case Service::set_message_filtering:
    case Service::set_timing_packets:
    case Service::get_local_time:
    case Service::use_ecu_id:
    case Service::use_session_id:
    case Service::use_timestamp:
    case Service::use_extended_header:
    case Service::set_default_log_level:
    case Service::set_default_trace_status:
    case Service::marker:
    case Service::offline_logstorage:
    case Service::passive_node_connect:
    case Service::set_all_log_level:
    case Service::set_all_trace_status:
    case Service::set_client_filter:
    case Service::gateway_received:
    case Service::injection_first: break;
  }
  return Response{Plain{service, status}};
}

}  // namespace dlt::proto::control
