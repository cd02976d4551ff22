#include "dlt/proto/control.hpp"

namespace dlt::proto::control {

namespace {

template <class Message>
Result<std::vector<std::byte>> wrap(const Message& message, const Envelope& e, std::uint8_t msin,
                                    std::uint8_t arguments) {
  const bool big = e.order == std::endian::big;
  const auto h = static_cast<std::uint8_t>(htyp::control | (big ? htyp::big_endian_payload : 0));
  const std::size_t length = headers_size(h) + encoded_size(message);
  if (length > max_frame_size) return Errc::too_large;
  std::vector<std::byte> bytes(length);
  ByteWriter out(bytes);
  StandardHeader{h, e.counter, static_cast<std::uint16_t>(length), e.ecu, 0, e.timestamp}.encode(out);
  ExtendedHeader{msin, arguments, e.app, e.context}.encode(out);
  encode(out, message, e.order);
  assert(out.ok() && out.size() == length && "encoded_size() tells what encode() writes");
  return bytes;
}

Envelope addressed(Envelope e, AppId app, ContextId context) noexcept {
  if (e.app.empty()) e.app = app;
  if (e.context.empty()) e.context = context;
  return e;
}

}  // namespace

std::string_view name(Service service) noexcept {
  switch (service) {
    case Service::set_log_level: return "set_log_level";
    case Service::set_trace_status: return "set_trace_status";
    case Service::get_log_info: return "get_log_info";
    case Service::get_default_log_level: return "get_default_log_level";
    case Service::store_config: return "store_config";
    case Service::reset_to_factory_default: return "reset_to_factory_default";
    case Service::set_com_interface_status: return "set_com_interface_status";
    case Service::set_com_interface_max_bandwidth: return "set_com_interface_max_bandwidth";
    case Service::set_verbose_mode: return "set_verbose_mode";
    case Service::set_message_filtering: return "set_message_filtering";
    case Service::set_timing_packets: return "set_timing_packets";
    case Service::get_local_time: return "get_local_time";
    case Service::use_ecu_id: return "use_ecu_id";
    case Service::use_session_id: return "use_session_id";
    case Service::use_timestamp: return "use_timestamp";
    case Service::use_extended_header: return "use_extended_header";
    case Service::set_default_log_level: return "set_default_log_level";
    case Service::set_default_trace_status: return "set_default_trace_status";
    case Service::get_software_version: return "get_software_version";
    case Service::message_buffer_overflow: return "message_buffer_overflow";
    case Service::unregister_context: return "unregister_context";
    case Service::connection_info: return "connection_info";
    case Service::timezone: return "timezone";
    case Service::marker: return "marker";
    case Service::offline_logstorage: return "offline_logstorage";
    case Service::passive_node_connect: return "passive_node_connect";
    case Service::passive_node_status: return "passive_node_status";
    case Service::set_all_log_level: return "set_all_log_level";
    case Service::set_all_trace_status: return "set_all_trace_status";
    case Service::set_client_filter: return "set_client_filter";
    case Service::snapshot: return "snapshot";
    case Service::gateway_link: return "gateway_link";
    case Service::gateway_received: return "gateway_received";
    case Service::injection_first: break;
  }
  return is_injection(service) ? "injection" : "unknown";
}

Result<std::vector<std::byte>> frame(const Request& request, const Envelope& envelope) {
  return wrap(request, addressed(envelope, "APP", "CON"), msin::control_request, 1);
}

Result<std::vector<std::byte>> frame(const Response& response, const Envelope& envelope) {
  const Envelope e = addressed(envelope, "DA1", "DC1");
  auto whole = wrap(response, e, msin::control_response, 1);
  if (whole || !std::holds_alternative<LogInfo>(response)) return whole;
  return wrap(Response{NoLogInfo{NoLogInfo::Reason::overflow}}, e, msin::control_response, 1);
}

std::vector<std::byte> time_frame(const Envelope& e) {
  std::vector<std::byte> bytes(headers_size(htyp::control));
  ByteWriter out(bytes);
  StandardHeader{htyp::control, e.counter, static_cast<std::uint16_t>(bytes.size()), e.ecu, 0, e.timestamp}.encode(out);
  ExtendedHeader{msin::control_time, 0, {}, {}}.encode(out);
  return bytes;
}

}  // namespace dlt::proto::control
