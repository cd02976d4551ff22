// The protocol between an application's library and the daemon on the same machine ("DUH").
//
//   "DUH" 0x01 | u32 type | body          all integers little endian, nothing is padded
//
// Types 1..14 are the incumbent's (COVESA dlt_user_shared.h, as 2.18.8 sends them). Types from 0x100 are ours and are
// used only after both ends have sent `Hello`. A `Batch` is a header followed by whole DLT v1 frames back to back.
// FORMAT.md shows each one in hex.
//
// Structs are plain values; encode() appends the whole message (header and body), decode_body() reads what follows the
// header. Text and byte views point into the decoded buffer. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/ids.hpp"
#include "dlt/proto/level.hpp"

namespace dlt::proto::local {

inline constexpr std::string_view magic{"DUH\x01", 4};
inline constexpr std::size_t header_size = 8;

enum class Type : std::uint32_t {
  log = 1,                     // app -> daemon: one DLT frame
  register_application = 2,    // app -> daemon
  unregister_application = 3,  // app -> daemon
  register_context = 4,        // app -> daemon
  unregister_context = 5,      // app -> daemon
  log_level = 6,               // daemon -> app
  injection = 7,               // daemon -> app
  overflow = 8,                // app -> daemon
  application_limits = 9,      // app -> daemon
  log_shm = 10,                // shared-memory builds of the incumbent; not accepted
  log_mode = 11,               // app -> daemon; the incumbent's daemon ignores it
  log_state = 12,              // daemon -> app
  marker = 13,                 // app -> daemon; sent with 0 or 1 byte of body
  trace_load = 14,             // daemon -> app
  hello = 0x100,               // both ways, first message of our own protocol
  batch = 0x101,               // app -> daemon
  memfd = 0x102,               // app -> daemon, carries a file descriptor (SCM_RIGHTS)
  loss = 0x103,                // app -> daemon
  statistics = 0x104,          // app -> daemon
  overflow_mode = 0x105,       // daemon -> app
  bye = 0x106,                 // app -> daemon: an orderly end, nothing is left to salvage
  ack = 0x107,                 // daemon -> app: up to where the stream has been passed on
  recorder = 0x108,            // app -> daemon, carries a file descriptor (SCM_RIGHTS)
  snapshot_request = 0x109,    // app -> daemon
  snapshot_answer = 0x10a,     // daemon -> app
};

// Level values on this channel: -2 not set, -1 default, 0..6 predefined. Trace status likewise with 0..1.
inline constexpr std::int8_t not_set = -2;

struct Log {  // the frame itself is not interpreted here
  Bytes frame;
};
struct RegisterApplication {
  AppId app;
  std::int32_t pid = 0;
  std::string_view description;
};
struct UnregisterApplication {
  AppId app;
  std::int32_t pid = 0;
};
struct RegisterContext {
  AppId app;
  ContextId context;
  std::int32_t position = 0;  // the application's own index; comes back in LogLevel and Injection
  std::int8_t log_level = not_set;
  std::int8_t trace_status = not_set;
  std::int32_t pid = 0;
  std::string_view description;
};
struct UnregisterContext {
  AppId app;
  ContextId context;
  std::int32_t pid = 0;
};
struct LogLevel {
  std::uint8_t log_level = 0;
  std::uint8_t trace_status = 0;
  std::int32_t position = 0;
};
struct Injection {
  std::int32_t position = 0;
  std::uint32_t service = 0;
  Bytes data;
};
struct Overflow {
  std::uint32_t lost = 0;
  AppId app;
};
struct ApplicationLimits {
  AppId app;
  std::uint8_t log_level = 0;
  std::uint8_t trace_status = 0;
};
struct LogMode {
  std::int8_t mode = 0;  // 0 off, 1 external, 2 internal, 3 both
};
struct LogState {
  std::int8_t state = 0;  // 1 while a client is connected
};
struct Marker {};
struct TraceLoad {
  struct Limit {
    ContextId context;
    std::uint32_t soft = 0;  // bytes/s
    std::uint32_t hard = 0;  // bytes/s
  };
  Bytes limits;  // 12 bytes each
  [[nodiscard]] std::size_t count() const noexcept { return limits.size() / 12; }
  [[nodiscard]] Limit at(std::size_t i) const noexcept;
};

// What an end can do beyond types 1..14. A message is sent only if the receiver announced its bit.
namespace capability {
inline constexpr std::uint32_t batch = 1U << 0;
inline constexpr std::uint32_t memfd = 1U << 1;
inline constexpr std::uint32_t loss = 1U << 2;
inline constexpr std::uint32_t statistics = 1U << 3;
inline constexpr std::uint32_t overflow_mode = 1U << 4;
inline constexpr std::uint32_t ack = 1U << 5;       // app: wants them; daemon: sends them
inline constexpr std::uint32_t recorder = 1U << 6;  // daemon: makes snapshots; app: hears of them
inline constexpr std::uint32_t all = batch | memfd | loss | statistics | overflow_mode | ack | recorder;
}  // namespace capability

struct Hello {
  static constexpr std::uint32_t current_version = 1;
  std::uint32_t version = current_version;
  std::uint32_t capabilities = capability::all;
  std::int32_t pid = 0;
  EcuId ecu;                      // daemon -> app: the id that frames shall carry; app -> daemon: empty
  std::int32_t utc_offset_s = 0;  // daemon -> app: seconds east of UTC
  std::string_view name;          // program and version, for people
  // app -> daemon: drawn at random once per process; another connection with the same one is a continuation, whose
  // chunks go on counting. 0: none.
  std::uint64_t instance = 0;
};
struct Batch {
  static constexpr std::size_t size = header_size + 16;  // on the wire, without the frames
  std::uint32_t length = 0;                              // bytes of frames that follow; > 0
  std::uint32_t slot = 0;                                // which queue of the application (thread and buffer)
  std::uint32_t chunk = 0;                               // running number of the chunk within the slot
  std::uint32_t offset = 0;                              // where in the chunk the frames begin
};
struct Memfd {
  std::uint32_t version = 1;
  std::uint32_t chunk_size = 0;  // bytes; chunks are whole multiples of it
  std::uint64_t size = 0;        // bytes of the whole file
};

// Why a message was lost in the application; the values travel.
enum class LossCause : std::uint8_t {
  full = 0,         // drop_newest: no room
  overwritten = 1,  // overwrite: the oldest made room
  timed_out = 2,    // block: no room within the limit
  at_exit = 3,      // no daemon took it before the end
  quota = 4,        // refused by a quota
  too_large = 5,    // would not fit a frame
  nested = 6,       // a log call inside a log call (signal handler, encoder)
};
inline constexpr std::size_t loss_causes = 7;
[[nodiscard]] std::string_view name(LossCause cause) noexcept;

struct Loss {
  struct Entry {
    std::uint8_t buffer = 0;
    LossCause cause = LossCause::full;
    std::uint64_t count = 0;  // messages since the last report
  };
  static constexpr std::size_t entry_size = 12;
  static constexpr std::size_t max_entries = 256;
  AppId app;
  Bytes entries;  // entry_size bytes each
  [[nodiscard]] std::size_t count() const noexcept { return entries.size() / entry_size; }
  [[nodiscard]] Entry at(std::size_t i) const noexcept;
  static void put(ByteWriter& out, const Entry& e) noexcept;
};
struct Statistics {
  struct Entry {  // totals since the application started
    std::uint8_t buffer = 0;
    std::uint8_t mode = 0;  // OverflowMode
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t queued = 0;
    std::uint64_t high_water = 0;  // messages
    std::uint64_t bytes = 0;       // accepted
    std::array<std::uint64_t, loss_causes> dropped{};
  };
  static constexpr std::size_t entry_size = 4 + 8 * (5 + loss_causes);
  static constexpr std::size_t max_entries = 64;
  AppId app;
  Bytes entries;
  [[nodiscard]] std::size_t count() const noexcept { return entries.size() / entry_size; }
  [[nodiscard]] Entry at(std::size_t i) const noexcept;
  static void put(ByteWriter& out, const Entry& e) noexcept;
};
struct SetOverflowMode {
  static constexpr std::uint8_t every_buffer = 0xff;
  std::uint8_t buffer = every_buffer;
  std::uint8_t mode = 0;         // 0 overwrite, 1 drop_newest, 2 block
  std::uint32_t timeout_ms = 0;  // for block
};
struct Bye {};
// What stood before `position` on this connection need not be sent again, should the connection break: it has gone to
// every client and file that was there.
struct Ack {
  std::uint64_t position = 0;  // bytes from the beginning of the connection
};
// The flight recorder of the application, a memory file that recorder.hpp draws.
struct Recorder {
  std::uint32_t version = 1;
  std::uint32_t segment_size = 0;  // bytes
  std::uint64_t size = 0;          // bytes of the whole file
};
// The recorder is to be written into a file.
struct SnapshotRequest {
  static constexpr std::size_t max_reason = 255;  // longer ones are cut by whoever sends
  std::uint32_t id = 0;                           // comes back in the answer
  std::string_view reason;
};
struct SnapshotAnswer {
  static constexpr std::size_t max_text = 4096;
  enum class Status : std::uint8_t {
    written = 0,      // text: the path of the file
    unavailable = 1,  // this daemon makes no snapshots, or has no recorder of this application; text: why
    busy = 2,         // too many snapshots wait; text: how many
    failed = 3,       // text: what went wrong
  };
  std::uint32_t id = 0;
  Status status = Status::written;
  std::string_view text;
};

using Message =
    std::variant<Log, RegisterApplication, UnregisterApplication, RegisterContext, UnregisterContext, LogLevel,
                 Injection, Overflow, ApplicationLimits, LogMode, LogState, Marker, TraceLoad, Hello, Batch, Memfd,
                 Loss, Statistics, SetOverflowMode, Bye, Ack, Recorder, SnapshotRequest, SnapshotAnswer>;

inline constexpr std::size_t max_description = 255;      // longer ones are cut by whoever sends, refused beyond 64 KiB
inline constexpr std::size_t max_body_size = 64 * 1024;  // of any message but Log and Batch; beyond: bad_length
inline constexpr std::size_t max_batch_size = 16 << 20;  // bytes of frames in one batch

// Appends header and body. For Batch only the 24 bytes of header; the frames follow from elsewhere.
void encode(ByteWriter& out, const Message& message) noexcept;

// Decodes the body that follows a header of this type and tells by `in.position()` how much it took.
// Errc::truncated: more bytes are needed (nothing is wrong yet). Errc::bad_length: the announced size is beyond the
// limit, decided as soon as the length field is there. Errc::unsupported: a type that nobody decodes.
// A marker takes its optional byte only if that byte is there and is not the 'D' of a next header.
[[nodiscard]] Result<Message> decode_body(Type type, ByteReader& in) noexcept;

// Reads header and body from the front of `bytes`; `used` becomes the number of bytes that the message took.
[[nodiscard]] Result<Message> decode(Bytes bytes, std::size_t& used) noexcept;

}  // namespace dlt::proto::local
