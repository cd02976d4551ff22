// Everything that can be configured, and the file that it is read from.
//
//   # comment
//   RingbufferMaxSize = 10M
//
// The file: one `Key = value` a line; '#' begins a comment at the start of a line or after a blank; sizes may end in k,
// M or G (1024 based). Key names are those of the incumbent's dlt.conf where they mean the same, and its other keys are
// understood as well (incumbent_keys.hpp). config/dlt-daemon.conf shows every key with its default; a test compares it
// with Config{}. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/ids.hpp"
#include "logstorage/file_names.hpp"
#include "route/quota.hpp"
#include "route/router.hpp"
#include "route/source.hpp"
#include "storage/sync_mode.hpp"

namespace dlt::daemon {

struct Config {
  EcuId ecu{"ECU1"};  // the id that frames and files carry

  // Applications. An empty path: /run/dlt/app.sock as root, else $XDG_RUNTIME_DIR/dlt/app.sock.
  std::string app_socket;
  std::uint32_t app_socket_mode = 0660;  // permissions; who may not write cannot log
  std::string app_socket_group;          // empty: the daemon's own
  std::vector<std::string> app_bind{"127.0.0.1"};
  std::optional<std::uint16_t> app_port;  // nothing: no TCP for applications; 0: the kernel chooses

  // Applications of the incumbent's library: its FIFO, and the socket of its Unix-socket build.
  bool legacy_fifo = false;                  // <directory>/dlt, and the way back in <directory>/dltpipes
  std::string legacy_directory{"/tmp"};      // what its programs have as DLT_PIPE_DIR
  std::uint64_t legacy_fifo_size = 1 << 20;  // bytes that wait in the FIFO; 0: what the kernel gives (64 KiB)
  std::string legacy_fifo_group;             // may write to it; empty: the daemon's own
  std::string legacy_socket;                 // empty: none

  // What applications may have; more is refused and counted. A user is a uid as the kernel tells it; all that come by
  // TCP count as one user.
  std::uint32_t max_applications = 1024;          // connections, and ids
  std::uint32_t max_applications_per_user = 512;  // likewise
  std::uint32_t max_contexts = 65'536;
  std::uint32_t max_contexts_per_user = 32'768;
  std::uint32_t max_handshakes = 256;          // connections that have not said anything sensible; the oldest goes
  std::chrono::seconds handshake_timeout{30};  // and after this time
  std::uint64_t application_rate = 0;          // bytes a second read from one connection; 0: as fast as it goes
  std::uint64_t application_burst = 4 << 20;   // bytes above that at once
  Quotas quotas;                               // beyond, messages of these applications are dropped; empty: no limits
  bool suppress_repetitions = false;           // a message that repeats the one before it in its context is left out
  bool shared_ids = false;                     // false: while an application is connected only its user may use its id
  std::map<AppId, Uid> reserved_ids;           // ids that belong to these users, connected or not

  // Clients.
  std::vector<std::string> bind{"127.0.0.1", "::1"};
  std::uint16_t port = 3490;                   // 0: the kernel chooses
  std::uint32_t max_clients = 32;              // more are refused
  std::uint64_t client_queue = 4 << 20;        // bytes waiting for one client; beyond, messages are dropped for it
  std::chrono::milliseconds client_stall{50};  // how long a full client may hold applications back; see hold.hpp
  std::chrono::seconds client_timeout{10};     // a client that takes nothing for so long is disconnected
  std::chrono::seconds peer_timeout{30};       // a TCP peer that vanished without a word is disconnected by then

  bool send_serial_header = false;  // "DLS\1" before each message to a client
  std::string control_socket;       // Unix socket for control requests only; empty: none

  bool gateway = false;                               // connects to passive nodes and passes on what they send
  std::string gateway_file{"/etc/dlt_gateway.conf"};  // that names them

  // Status: `dlt-daemon --status` asks here. Empty: control.sock beside the application socket.
  std::string status_socket;

  // What is kept for clients to come.
  std::uint64_t ring_size = 10'000'000;  // bytes of messages; the oldest go first
  Replay ring_replay = Replay::unread;

  // Control messages.
  std::int8_t context_level = 4;          // 0 off .. 6 verbose, for contexts that ask for no other
  std::int8_t context_trace = 0;          // 0 or 1
  bool force_levels = false;              // no context above these two, whatever it or a client asks for
  std::string persistence_directory;      // where store_config keeps levels over a restart; empty: nowhere
  bool send_context_registration = true;  // tell clients which contexts come and go
  std::uint8_t registration_option = 7;   // 3..7, as options of get_log_info
  bool send_message_time = false;         // a control-time message each second
  bool send_version = false;              // the software version to each client that connects, and each minute
  std::string version_file;               // whose content is the version text; empty: this daemon's own
  std::string version_field;              // KEY: the text is what stands behind KEY= in that file
  bool send_timezone = false;             // as send_version
  bool injections = true;                 // false: permission_denied

  // Storage. An empty directory: nothing is stored.
  std::string storage_directory;
  std::uint64_t storage_file_size = 16 << 20;     // bytes; then the next file begins
  std::uint64_t storage_max_size = 1 << 30;       // bytes of all files; the oldest go first
  std::uint32_t storage_max_files = 1000;         // likewise
  bool storage_compression = true;                // .dlt.zst instead of .dlt
  std::uint64_t storage_queue = 16 << 20;         // bytes waiting to be written; beyond, messages are not stored
  std::chrono::milliseconds storage_stall{1000};  // how long full storage may hold applications back
  std::chrono::milliseconds storage_flush{250};   // a message is in the file after this time at the latest
  SyncMode storage_sync = SyncMode::none;         // what a power cut costs

  // Logstorage devices: directories with a dlt_logstorage.conf.
  std::uint32_t logstorage_devices = 0;         // at most; 0: none may be connected
  std::string logstorage_directory;             // a device that is connected from the start; empty: none
  logstorage::Naming logstorage_naming;         // of the files
  std::uint64_t logstorage_cache_kib = 30'000;  // KiB for the caches of all devices

  // Snapshots of applications' flight recorders. An empty directory: none are made.
  std::string snapshot_directory;
  std::uint64_t snapshot_max_size = 256 << 20;  // bytes of all of them; the oldest go first
  std::uint32_t snapshot_max_files = 100;       // likewise
  std::chrono::seconds snapshot_interval{0};    // one of every recorder so often; 0: never

  // The daemon's own flight recorder.
  std::uint64_t recorder_size = 0;      // bytes of what was received, and as many of its own words; 0: none
  std::uint64_t recorder_messages = 0;  // of each in a snapshot, the newest; 0: all

  // The daemon's own log.
  std::uint8_t logging_mode = 3;               // 0 stdout, 1 syslog, 2 a file, 3 stderr
  std::uint8_t logging_level = 6;              // 0..7 as in syslog: 3 errors, 4 warnings, 6 information, 7 debug
  std::string logging_file;                    // for mode 2
  bool logging_limited = false;                // that file is rotated
  std::uint64_t logging_file_size = 250'000;   // bytes; then the next file begins
  std::uint64_t logging_max_size = 1'000'000;  // bytes of all of them

  friend bool operator==(const Config&, const Config&) = default;
};

struct ConfigError {
  std::string where;  // "file:line" or "option"
  std::string what;

  [[nodiscard]] std::string text() const { return where + ": " + what; }
};

// Sets one key. The error says what is wrong with it; `config` is unchanged then.
[[nodiscard]] std::optional<std::string> set(Config& config, std::string_view key, std::string_view value);
// Applies the text of a file; a line with an error is reported and has no effect. After 20 of them nothing more is
// read. `notes` gets a line for each key of the incumbent's that something else replaces, and for an ECU id that is too
// long and was cut as the incumbent cuts it; without `notes` that is an error, as it is for set().
[[nodiscard]] std::vector<ConfigError> parse(Config& config, std::string_view text, const std::string& file,
                                             std::vector<ConfigError>* notes = nullptr);
// Combinations that no single key shows to be wrong.
[[nodiscard]] std::optional<std::string> check(const Config& config);

[[nodiscard]] std::vector<std::string_view> config_keys();

}  // namespace dlt::daemon
