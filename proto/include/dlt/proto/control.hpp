// Control messages between a client (viewer, tool, bench) and the daemon: PRS Dlt services as COVESA 2.18.8 speaks
// them.
//
//   request   client -> daemon   payload: u32 service | fields
//   response  daemon -> client   payload: u32 service | u8 status | fields     (to the one who asked)
//   notice    daemon -> clients  the form of a response, unasked                (to every client)
//
// Both ends are here: encode and decode of requests and of responses. The numbers of a payload follow the frame's
// htyp::big_endian_payload; the incumbent always answers little endian. FORMAT.md shows each one in hex.
//
// Structs are plain values; text and byte views point into the decoded payload. Pure; any thread. Nothing here throws
// except std::bad_alloc where a vector grows; a vector never grows beyond what the bytes at hand justify.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/header.hpp"
#include "dlt/proto/ids.hpp"

namespace dlt::proto::control {

enum class Service : std::uint32_t {
  set_log_level = 0x01,
  set_trace_status = 0x02,
  get_log_info = 0x03,
  get_default_log_level = 0x04,
  store_config = 0x05,
  reset_to_factory_default = 0x06,
  set_com_interface_status = 0x07,  // 0x07..0x0a, 0x0d..0x10: known by name, answered not_supported
  set_com_interface_max_bandwidth = 0x08,
  set_verbose_mode = 0x09,
  set_message_filtering = 0x0a,
  set_timing_packets = 0x0b,
  get_local_time = 0x0c,
  use_ecu_id = 0x0d,
  use_session_id = 0x0e,
  use_timestamp = 0x0f,
  use_extended_header = 0x10,
  set_default_log_level = 0x11,
  set_default_trace_status = 0x12,
  get_software_version = 0x13,
  message_buffer_overflow = 0x14,  // also sent unasked
  unregister_context = 0xf01,      // notice
  connection_info = 0xf02,         // notice
  timezone = 0xf03,                // notice
  marker = 0xf04,                  // notice
  offline_logstorage = 0xf05,
  passive_node_connect = 0xf06,
  passive_node_status = 0xf07,
  set_all_log_level = 0xf08,
  set_all_trace_status = 0xf09,
  set_client_filter = 0xf20,  // ours; the incumbent answers not_supported
  snapshot = 0xf21,           // ours, too
  gateway_link = 0xf22,       // ours: between two of our daemons
  gateway_received = 0xf23,   // likewise; not answered
  injection_first = 0xfff,    // this and every higher number is an injection
};

enum class Status : std::uint8_t {
  ok = 0,
  not_supported = 1,
  error = 2,
  permission_denied = 3,
  warning = 4,  // offline_logstorage: it was in that state already
};

// "set_log_level" …, "injection", "unknown".
[[nodiscard]] std::string_view name(Service service) noexcept;
[[nodiscard]] constexpr bool is_injection(Service s) noexcept { return s >= Service::injection_first; }

using Interface = Id<struct InterfaceTag>;
inline constexpr Interface remote{"remo"};  // what everybody writes; nobody reads it

inline constexpr std::int8_t level_default = -1;  // in SetLogLevel and SetTraceStatus: follow the daemon's default

// ---- requests -------------------------------------------------------------------------------------------------------

// Levels -1..6 and trace states -1..1 are carried as they came; the range is the receiver's to check.
struct SetLogLevel {  // app or context empty: any; app ending in '*': a prefix
  AppId app;
  ContextId context;
  std::int8_t level = 0;
  Interface interface = remote;
};
struct SetTraceStatus {
  AppId app;
  ContextId context;
  std::int8_t status = 0;
  Interface interface = remote;
};
struct GetLogInfo {
  std::uint8_t options = 7;  // 3..7, see LogInfo
  AppId app;                 // empty: all
  ContextId context;         // empty: all
  Interface interface = remote;
};
struct GetDefaultLogLevel {};
struct StoreConfig {};
struct ResetToFactoryDefault {};
struct SetTimingPackets {
  std::uint8_t on = 0;  // 0 or 1
};
struct GetLocalTime {};
struct SetDefaultLogLevel {
  std::int8_t level = 0;
  Interface interface = remote;
};
struct SetDefaultTraceStatus {
  std::int8_t status = 0;
  Interface interface = remote;
};
struct GetSoftwareVersion {};
struct GetMessageBufferOverflow {};
struct OfflineLogstorage {
  static constexpr std::size_t mount_point_size = 1024;  // on the wire, zero padded; longer paths are cut
  std::string_view mount_point;
  std::uint8_t connection = 0;  // 0 disconnect, 1 connect, 2 write caches
  Interface interface = remote;
};
struct PassiveNodeConnect {
  std::uint32_t connect = 0;  // 1 or 0
  EcuId node;
};
struct GetPassiveNodeStatus {};
struct SetAllLogLevel {
  std::int8_t level = 0;
  Interface interface = remote;
};
struct SetAllTraceStatus {
  std::int8_t status = 0;
  Interface interface = remote;
};
// From now on the asking client is sent only messages that pass; FORMAT.md has the rules.
struct SetClientFilter {
  std::string_view rules;  // a rule a line; empty: everything passes
};
// Flight recorders are to be written into files.
struct TakeSnapshot {
  AppId app;  // empty: of every application that has one
};
// The client is a gateway that wants a link on which nothing is lost when a connection breaks; FORMAT.md has the rules.
struct GatewayLink {
  std::uint64_t link = 0;      // drawn at random by the gateway, for each node
  EcuId gateway;               // its ECU id, for people
  std::uint64_t epoch = 0;     // of the node's process that the link began with; 0: it has not begun
  std::uint64_t received = 0;  // frames of the link that have come
};
struct GatewayReceived {
  std::uint64_t received = 0;
};
struct Injection {                 // for the context that the frame's extended header names
  std::uint32_t service = 0x1000;  // >= 0xfff
  Bytes data;
};
// Every service that has no meaning as a request, known or not: to be answered with Status::not_supported.
struct OtherRequest {
  Service service{};
  Bytes data;
};

using Request = std::variant<SetLogLevel, SetTraceStatus, GetLogInfo, GetDefaultLogLevel, StoreConfig,
                             ResetToFactoryDefault, SetTimingPackets, GetLocalTime, SetDefaultLogLevel,
                             SetDefaultTraceStatus, GetSoftwareVersion, GetMessageBufferOverflow, OfflineLogstorage,
                             PassiveNodeConnect, GetPassiveNodeStatus, SetAllLogLevel, SetAllTraceStatus,
                             SetClientFilter, TakeSnapshot, GatewayLink, GatewayReceived, Injection, OtherRequest>;

[[nodiscard]] Service service_of(const Request& request) noexcept;

// ---- responses and notices ------------------------------------------------------------------------------------------

// The answer that consists of a status alone: most of them, and every refusal.
struct Plain {
  Service service{};
  Status status = Status::ok;
};
// options decides which fields travel: 3 ids, 4 + level, 5 + trace status, 6 both, 7 both and the descriptions.
struct LogInfo {
  struct Context {
    ContextId id;
    std::int8_t level = level_default;
    std::int8_t trace_status = level_default;
    std::string_view description;  // at most 65535 bytes travel
  };
  struct Application {
    AppId id;
    std::vector<Context> contexts;  // at most 65535
    std::string_view description;
  };
  std::uint8_t options = 7;
  std::vector<Application> applications;  // at most 65535
  Interface interface = remote;
};
// get_log_info without a list.
struct NoLogInfo {
  enum class Reason : std::uint8_t { no_match = 8, overflow = 9 };
  Reason reason = Reason::no_match;
  Interface interface = remote;
};
struct DefaultLogLevel {
  Status status = Status::ok;
  std::int8_t level = 0;
};
struct SoftwareVersion {
  Status status = Status::ok;
  std::string_view text;
};
// Sent unasked too: the extended header then carries the id of the application that lost messages.
struct MessageBufferOverflow {
  Status status = Status::ok;
  std::uint8_t overflow = 1;  // the incumbent says 1 always
  std::uint32_t lost = 0;     // messages
};
struct ContextUnregistered {
  Status status = Status::ok;
  AppId app;
  ContextId context;
  Interface interface = remote;
};
struct ConnectionInfo {
  static constexpr std::uint8_t disconnected = 1;
  static constexpr std::uint8_t connected = 2;
  Status status = Status::ok;
  std::uint8_t state = connected;
  Interface interface {};  // the incumbent leaves it empty
};
struct Timezone {
  Status status = Status::ok;
  std::int32_t offset_s = 0;  // seconds east of UTC
  std::uint8_t is_dst = 0;
};
struct Marker {};
struct PassiveNodeStatus {
  static constexpr std::size_t max_nodes = 25;
  struct Node {
    EcuId id;
    std::uint8_t state = 0;
  };
  Status status = Status::ok;
  std::vector<Node> nodes;  // at most max_nodes travel
};
// Of TakeSnapshot, when all files are written.
struct Snapshots {
  Status status = Status::ok;  // error: one of them failed, or there is no recorder of that name
  std::uint32_t written = 0;   // files
  std::string_view text;       // a line each: the path of a file, or what went wrong
};
// Of GatewayLink: what follows in the stream is of the link.
struct GatewayLinked {
  Status status = Status::ok;
  std::uint64_t link = 0;    // as the gateway has called it: nobody else knows it
  std::uint64_t epoch = 0;   // of the node's process; never 0
  std::uint64_t sent = 0;    // frames of the link before the next one
  std::uint8_t resumed = 0;  // 1: the link goes on; what came on this connection before this answer comes again
};

using Response =
    std::variant<Plain, LogInfo, NoLogInfo, DefaultLogLevel, SoftwareVersion, MessageBufferOverflow,
                 ContextUnregistered, ConnectionInfo, Timezone, Marker, PassiveNodeStatus, Snapshots, GatewayLinked>;

[[nodiscard]] Service service_of(const Response& response) noexcept;

// ---- payloads -------------------------------------------------------------------------------------------------------

void encode(ByteWriter& out, const Request& request, std::endian order = std::endian::little) noexcept;
void encode(ByteWriter& out, const Response& response, std::endian order = std::endian::little) noexcept;

// Bytes that encode() will write.
[[nodiscard]] std::size_t encoded_size(const Request& request) noexcept;
[[nodiscard]] std::size_t encoded_size(const Response& response) noexcept;

// Decode the whole payload of a control frame. Errc::truncated: fields are missing, the message is to be ignored.
// Errc::bad_length: a count that the payload cannot hold. Bytes after the last field are ignored, as everybody does.
[[nodiscard]] Result<Request> decode_request(Bytes payload, std::endian order = std::endian::little);
// A response of exactly service and status becomes Plain whatever the service is (Marker with status ok apart).
[[nodiscard]] Result<Response> decode_response(Bytes payload, std::endian order = std::endian::little);

// ---- whole frames ---------------------------------------------------------------------------------------------------

// What stands in the headers. Empty ids become "APP"/"CON" in requests and "DA1"/"DC1" in responses.
struct Envelope {
  EcuId ecu{};
  std::uint32_t timestamp = 0;  // 0.1 ms since boot
  AppId app{};                  // requests: the addressee of an injection; responses: who lost messages
  ContextId context{};
  std::uint8_t counter = 0;
  std::endian order = std::endian::little;
};

// A frame of htyp 0x35 (0x37 big endian), msin 0x16 or 0x26, noar 1. Errc::too_large beyond 65535 bytes; a LogInfo that
// large becomes NoLogInfo with Reason::overflow instead.
[[nodiscard]] Result<std::vector<std::byte>> frame(const Request& request, const Envelope& envelope);
[[nodiscard]] Result<std::vector<std::byte>> frame(const Response& response, const Envelope& envelope);
// The control-time message of set_timing_packets: msin 0x36, no arguments, empty ids, 22 bytes.
[[nodiscard]] std::vector<std::byte> time_frame(const Envelope& envelope);

}  // namespace dlt::proto::control
