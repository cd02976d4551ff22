// What one section of a dlt_logstorage.conf asks for: which messages, into which files, and when they are written.
//
// A value; any thread may read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/ids.hpp"

namespace dlt::daemon::logstorage {

// When messages are written; on_message alone, others together. Written is always: the disk has confirmed it.
namespace sync {
inline constexpr std::uint8_t on_message = 0x01;
inline constexpr std::uint8_t on_daemon_exit = 0x02;
inline constexpr std::uint8_t on_demand = 0x04;
inline constexpr std::uint8_t on_disconnect = 0x08;
inline constexpr std::uint8_t on_specific_size = 0x10;
inline constexpr std::uint8_t on_file_size = 0x20;
}  // namespace sync

enum class Compression : std::uint8_t { none, gzip, zstd };

struct Filter {
  std::string name;                 // of the section
  std::vector<AppId> apps;          // empty: any
  std::vector<ContextId> contexts;  // empty: any
  // Left out of these; where both are given, only what is in both.
  std::vector<AppId> excluded_apps;
  std::vector<ContextId> excluded_contexts;
  EcuId ecu;                               // empty: any
  std::int8_t level = 0;                   // 1 fatal .. 6 verbose; messages above it are not stored. 0: only those
                                           // that have none, as without an extended header
  std::optional<std::int8_t> reset_level;  // of the contexts when the device is disconnected
  std::string file;                        // base of the names, perhaps with a folder in front; empty: of messages
                                           // that are not stored, for the levels of their contexts only
  std::uint64_t file_size = 0;             // bytes
  std::uint32_t files = 0;                 // at most
  std::uint8_t sync = sync::on_message;    // flags
  std::uint64_t specific_size = 0;         // bytes, for on_specific_size
  bool discard_new = false;                // when all files are full; else the oldest goes
  Compression compression = Compression::none;
  bool disable_network = false;  // what is stored here is not sent to clients

  [[nodiscard]] bool stores() const noexcept { return !file.empty(); }
  [[nodiscard]] bool cached() const noexcept { return sync != sync::on_message; }
  // Bytes of memory that it may take.
  [[nodiscard]] std::uint64_t cache_size() const noexcept {
    if (!cached() || !stores()) return 0;
    return (sync & sync::on_specific_size) != 0 ? specific_size : file_size;
  }
};

}  // namespace dlt::daemon::logstorage
