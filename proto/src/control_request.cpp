#include <algorithm>

#include "dlt/proto/control.hpp"

namespace dlt::proto::control {

namespace {

struct Encoder {
  ByteWriter& out;
  std::endian order;

  void service(Service s) const noexcept { out.number(static_cast<std::uint32_t>(s), order); }
  void addressed(Service s, AppId app, ContextId context, std::int8_t value, Interface interface) const noexcept {
    service(s);
    out.id(app);
    out.id(context);
    out.i8(value);
    out.id(interface);
  }
  void global(Service s, std::int8_t value, Interface interface) const noexcept {
    service(s);
    out.i8(value);
    out.id(interface);
  }

  void operator()(const SetLogLevel& m) const noexcept {
    addressed(Service::set_log_level, m.app, m.context, m.level, m.interface);
  }
  void operator()(const SetTraceStatus& m) const noexcept {
    addressed(Service::set_trace_status, m.app, m.context, m.status, m.interface);
  }
  void operator()(const GetLogInfo& m) const noexcept {
    service(Service::get_log_info);
    out.u8(m.options);
    out.id(m.app);
    out.id(m.context);
    out.id(m.interface);
  }
  void operator()(const GetDefaultLogLevel&) const noexcept { service(Service::get_default_log_level); }
  void operator()(const StoreConfig&) const noexcept { service(Service::store_config); }
  void operator()(const ResetToFactoryDefault&) const noexcept { service(Service::reset_to_factory_default); }
  void operator()(const SetTimingPackets& m) const noexcept {
    service(Service::set_timing_packets);
    out.u8(m.on);
  }
  void operator()(const GetLocalTime&) const noexcept { service(Service::get_local_time); }
  void operator()(const SetDefaultLogLevel& m) const noexcept {
    global(Service::set_default_log_level, m.level, m.interface);
  }
  void operator()(const SetDefaultTraceStatus& m) const noexcept {
    global(Service::set_default_trace_status, m.status, m.interface);
  }
  void operator()(const GetSoftwareVersion&) const noexcept { service(Service::get_software_version); }
  void operator()(const GetMessageBufferOverflow&) const noexcept { service(Service::message_buffer_overflow); }
  void operator()(const OfflineLogstorage& m) const noexcept {
    service(Service::offline_logstorage);
    const auto path = m.mount_point.substr(0, OfflineLogstorage::mount_point_size - 1);
    out.text(path);
    for (std::size_t i = path.size(); i < OfflineLogstorage::mount_point_size; ++i) out.u8(0);
    out.u8(m.connection);
    out.id(m.interface);
  }
  void operator()(const PassiveNodeConnect& m) const noexcept {
    service(Service::passive_node_connect);
    out.number(m.connect, order);
    out.id(m.node);
  }
  void operator()(const GetPassiveNodeStatus&) const noexcept { service(Service::passive_node_status); }
  void operator()(const SetAllLogLevel& m) const noexcept { global(Service::set_all_log_level, m.level, m.interface); }
  void operator()(const SetAllTraceStatus& m) const noexcept {
    global(Service::set_all_trace_status, m.status, m.interface);
  }
  void operator()(const SetClientFilter& m) const noexcept {
    service(Service::set_client_filter);
    out.number(static_cast<std::uint32_t>(m.rules.size()), order);
    out.text(m.rules);
  }
  void operator()(const TakeSnapshot& m) const noexcept {
    service(Service::snapshot);
    out.id(m.app);
  }
  void operator()(const GatewayLink& m) const noexcept {
    service(Service::gateway_link);
    out.number(m.link, order);
    out.id(m.gateway);
    out.number(m.epoch, order);
    out.number(m.received, order);
  }
  void operator()(const GatewayReceived& m) const noexcept {
    service(Service::gateway_received);
    out.number(m.received, order);
  }
  void operator()(const Injection& m) const noexcept {
    out.number(m.service, order);
    out.number(static_cast<std::uint32_t>(m.data.size()), order);
    out.bytes(m.data);
  }
  void operator()(const OtherRequest& m) const noexcept {
    service(m.service);
    out.bytes(m.data);
  }
};

struct ServiceOf {
  Service operator()(const SetLogLevel&) const noexcept { return Service::set_log_level; }
  Service operator()(const SetTraceStatus&) const noexcept { return Service::set_trace_status; }
  Service operator()(const GetLogInfo&) const noexcept { return Service::get_log_info; }
  Service operator()(const GetDefaultLogLevel&) const noexcept { return Service::get_default_log_level; }
  Service operator()(const StoreConfig&) const noexcept { return Service::store_config; }
  Service operator()(const ResetToFactoryDefault&) const noexcept { return Service::reset_to_factory_default; }
  Service operator()(const SetTimingPackets&) const noexcept { return Service::set_timing_packets; }
  Service operator()(const GetLocalTime&) const noexcept { return Service::get_local_time; }
  Service operator()(const SetDefaultLogLevel&) const noexcept { return Service::set_default_log_level; }
  Service operator()(const SetDefaultTraceStatus&) const noexcept { return Service::set_default_trace_status; }
  Service operator()(const GetSoftwareVersion&) const noexcept { return Service::get_software_version; }
  Service operator()(const GetMessageBufferOverflow&) const noexcept { return Service::message_buffer_overflow; }
  Service operator()(const OfflineLogstorage&) const noexcept { return Service::offline_logstorage; }
  Service operator()(const PassiveNodeConnect&) const noexcept { return Service::passive_node_connect; }
  Service operator()(const GetPassiveNodeStatus&) const noexcept { return Service::passive_node_status; }
  Service operator()(const SetAllLogLevel&) const noexcept { return Service::set_all_log_level; }
  Service operator()(const SetAllTraceStatus&) const noexcept { return Service::set_all_trace_status; }
  Service operator()(const SetClientFilter&) const noexcept { return Service::set_client_filter; }
  Service operator()(const TakeSnapshot&) const noexcept { return Service::snapshot; }
  Service operator()(const GatewayLink&) const noexcept { return Service::gateway_link; }
  Service operator()(const GatewayReceived&) const noexcept { return Service::gateway_received; }
  Service operator()(const Injection& m) const noexcept { return static_cast<Service>(m.service); }
  Service operator()(const OtherRequest& m) const noexcept { return m.service; }
};

struct SizeOf {
  static constexpr std::size_t id = 4;

  std::size_t operator()(const SetLogLevel&) const noexcept { return 4 + 3 * id + 1; }
  std::size_t operator()(const SetTraceStatus&) const noexcept { return 4 + 3 * id + 1; }
  std::size_t operator()(const GetLogInfo&) const noexcept { return 4 + 3 * id + 1; }
  std::size_t operator()(const GetDefaultLogLevel&) const noexcept { return 4; }
  std::size_t operator()(const StoreConfig&) const noexcept { return 4; }
  std::size_t operator()(const ResetToFactoryDefault&) const noexcept { return 4; }
  std::size_t operator()(const SetTimingPackets&) const noexcept { return 4 + 1; }
  std::size_t operator()(const GetLocalTime&) const noexcept { return 4; }
  std::size_t operator()(const SetDefaultLogLevel&) const noexcept { return 4 + 1 + id; }
  std::size_t operator()(const SetDefaultTraceStatus&) const noexcept { return 4 + 1 + id; }
  std::size_t operator()(const GetSoftwareVersion&) const noexcept { return 4; }
  std::size_t operator()(const GetMessageBufferOverflow&) const noexcept { return 4; }
  std::size_t operator()(const OfflineLogstorage&) const noexcept {
    return 4 + OfflineLogstorage::mount_point_size + 1 + id;
  }
  std::size_t operator()(const PassiveNodeConnect&) const noexcept { return 4 + 4 + id; }
  std::size_t operator()(const GetPassiveNodeStatus&) const noexcept { return 4; }
  std::size_t operator()(const SetAllLogLevel&) const noexcept { return 4 + 1 + id; }
  std::size_t operator()(const SetAllTraceStatus&) const noexcept { return 4 + 1 + id; }
  std::size_t operator()(const SetClientFilter& m) const noexcept { return 4 + 4 + m.rules.size(); }
  std::size_t operator()(const TakeSnapshot&) const noexcept { return 4 + id; }
  std::size_t operator()(const GatewayLink&) const noexcept { return 4 + 8 + id + 8 + 8; }
  std::size_t operator()(const GatewayReceived&) const noexcept { return 4 + 8; }
  std::size_t operator()(const Injection& m) const noexcept { return 4 + 4 + m.data.size(); }
  std::size_t operator()(const OtherRequest& m) const noexcept { return 4 + m.data.size(); }
};

template <class T>
Result<Request> whole(const ByteReader& in, const T& m) noexcept {
  if (!in.ok()) return Errc::truncated;
  return Request{m};
}

Result<Request> decode_logstorage(ByteReader& in) noexcept {
  OfflineLogstorage m;
  const auto path = as_text(in.take(OfflineLogstorage::mount_point_size));
  m.mount_point = path.substr(0, std::min(path.find('\0'), path.size()));
  m.connection = in.u8();
  m.interface = in.id<Interface>();
  return whole(in, m);
}

Result<Request> decode_injection(ByteReader& in, Service service, std::endian order) noexcept {
  const auto length = in.number<std::uint32_t>(order);
  return whole(in, Injection{static_cast<std::uint32_t>(service), in.take(length)});
}

Result<Request> decode_client_filter(ByteReader& in, std::endian order) noexcept {
  const auto length = in.number<std::uint32_t>(order);
  return whole(in, SetClientFilter{as_text(in.take(length))});
}

Result<Request> decode_gateway_link(ByteReader& in, std::endian order) noexcept {
  GatewayLink m;
  m.link = in.number<std::uint64_t>(order);
  m.gateway = in.id<EcuId>();
  m.epoch = in.number<std::uint64_t>(order);
  m.received = in.number<std::uint64_t>(order);
  return whole(in, m);
}

}  // namespace

void encode(ByteWriter& out, const Request& request, std::endian order) noexcept {
  std::visit(Encoder{out, order}, request);
}

std::size_t encoded_size(const Request& request) noexcept { return std::visit(SizeOf{}, request); }

Service service_of(const Request& request) noexcept { return std::visit(ServiceOf{}, request); }

Result<Request> decode_request(Bytes payload, std::endian order) {
  ByteReader in(payload);
  const auto service = static_cast<Service>(in.number<std::uint32_t>(order));
  if (!in.ok()) return Errc::truncated;
  if (is_injection(service)) return decode_injection(in, service, order);
  // Braced initialisation evaluates left to right, so the fields are read in the order of the wire.
  switch (service) {
    case Service::set_log_level:
      return whole(in, SetLogLevel{in.id<AppId>(), in.id<ContextId>(), in.i8(), in.id<Interface>()});
    case Service::set_trace_status:
      return whole(in, SetTraceStatus{in.id<AppId>(), in.id<ContextId>(), in.i8(), in.id<Interface>()});
    case Service::get_log_info:
      return whole(in, GetLogInfo{in.u8(), in.id<AppId>(), in.id<ContextId>(), in.id<Interface>()});
    case Service::get_default_log_level: return Request{GetDefaultLogLevel{}};
    case Service::store_config: return Request{StoreConfig{}};
    case Service::reset_to_factory_default: return Request{ResetToFactoryDefault{}};
    case Service::set_timing_packets: return whole(in, SetTimingPackets{in.u8()});
    case Service::get_local_time: return Request{GetLocalTime{}};
    case Service::set_default_log_level: return whole(in, SetDefaultLogLevel{in.i8(), in.id<Interface>()});
    case Service::set_default_trace_status: return whole(in, SetDefaultTraceStatus{in.i8(), in.id<Interface>()});
    case Service::get_software_version: return Request{GetSoftwareVersion{}};
    case Service::message_buffer_overflow: return Request{GetMessageBufferOverflow{}};
    case Service::offline_logstorage: return decode_logstorage(in);
    case Service::passive_node_connect:
      return whole(in, PassiveNodeConnect{in.number<std::uint32_t>(order), in.id<EcuId>()});
    case Service::passive_node_status: return Request{GetPassiveNodeStatus{}};
    case Service::set_all_log_level: return whole(in, SetAllLogLevel{in.i8(), in.id<Interface>()});
    case Service::set_all_trace_status: return whole(in, SetAllTraceStatus{in.i8(), in.id<Interface>()});
    case Service::set_client_filter: return decode_client_filter(in, order);
    case Service::snapshot: return whole(in, TakeSnapshot{in.id<AppId>()});
    case Service::gateway_link: return decode_gateway_link(in, order);
    case Service::gateway_received: return whole(in, GatewayReceived{in.number<std::uint64_t>(order)});
    case Service::set_com_interface_status:
    case Service::set_com_interface_max_bandwidth:
    case Service::set_verbose_mode:
    case Service::set_message_filtering:
    case Service::use_ecu_id:
    case Service::use_session_id:
    case Service::use_timestamp:
    case Service::use_extended_header:
    case Service::unregister_context:
    case Service::connection_info:
    case Service::timezone:
    case Service::marker:
    case Service::injection_first: break;
  }
  return Request{OtherRequest{service, in.rest()}};
}

}  // namespace dlt::proto::control
