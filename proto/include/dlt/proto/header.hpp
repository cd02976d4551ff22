// The three headers of a DLT v1 message (AUTOSAR PRS Dlt protocol 1, as COVESA 2.18.8 writes them).
//
//   storage (16, files only)   "DLT\1" | u32 LE seconds | i32 LE microseconds | ECU id
//   standard (4 + 0..12)       htyp u8 | mcnt u8 | len u16 BE | [ECU id] | [session u32 BE] | [time stamp u32 BE]
//   extended (10, optional)    msin u8 | noar u8 | application id | context id
//
// `len` counts everything from htyp on, the stamp 0.1 ms since boot. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/ids.hpp"

namespace dlt::proto {

inline constexpr std::size_t storage_header_size = 16;
inline constexpr std::size_t standard_header_size = 4;  // without the optional fields
inline constexpr std::size_t extended_header_size = 10;
inline constexpr std::size_t max_frame_size = 65535;

namespace htyp {
inline constexpr std::uint8_t extended_header = 0x01;
inline constexpr std::uint8_t big_endian_payload = 0x02;
inline constexpr std::uint8_t with_ecu = 0x04;
inline constexpr std::uint8_t with_session = 0x08;
inline constexpr std::uint8_t with_timestamp = 0x10;
inline constexpr std::uint8_t version_mask = 0xe0;
inline constexpr std::uint8_t version_1 = 0x20;
inline constexpr std::uint8_t log = 0x3d;      // what applications write
inline constexpr std::uint8_t control = 0x35;  // what daemons and clients write
}  // namespace htyp

enum class MessageType : std::uint8_t { log = 0, app_trace = 1, network_trace = 2, control = 3 };

// MSIN: bit 0 verbose, bits 1-3 message type, bits 4-7 type info (the level of a log message).
namespace msin {
inline constexpr std::uint8_t verbose = 0x01;
inline constexpr std::uint8_t control_request = 0x16;
inline constexpr std::uint8_t control_response = 0x26;
inline constexpr std::uint8_t control_time = 0x36;
[[nodiscard]] constexpr MessageType type(std::uint8_t v) noexcept { return static_cast<MessageType>((v >> 1) & 0x07); }
[[nodiscard]] constexpr std::uint8_t info(std::uint8_t v) noexcept { return static_cast<std::uint8_t>(v >> 4); }
[[nodiscard]] constexpr std::uint8_t make(MessageType t, std::uint8_t info, bool is_verbose) noexcept {
  return static_cast<std::uint8_t>((info << 4) | (static_cast<std::uint8_t>(t) << 1) | (is_verbose ? verbose : 0));
}
}  // namespace msin

struct StorageHeader {
  std::uint32_t seconds = 0;      // Unix time
  std::int32_t microseconds = 0;  // 0..999,999
  EcuId ecu;

  void encode(ByteWriter& out) const noexcept;
  [[nodiscard]] static Result<StorageHeader> decode(ByteReader& in) noexcept;
};

struct StandardHeader {
  std::uint8_t htyp = htyp::log;
  std::uint8_t counter = 0;
  std::uint16_t length = 0;
  EcuId ecu;  // meaningful with htyp::with_ecu, and so on
  std::uint32_t session = 0;
  std::uint32_t timestamp = 0;  // 0.1 ms since boot

  // The size of this header with its optional fields: 4..16.
  [[nodiscard]] std::size_t size() const noexcept;
  void encode(ByteWriter& out) const noexcept;
  // Checks the version and that `length` covers the headers that htyp announces.
  [[nodiscard]] static Result<StandardHeader> decode(ByteReader& in) noexcept;
};

struct ExtendedHeader {
  std::uint8_t msin = 0;
  std::uint8_t argument_count = 0;
  AppId app;
  ContextId context;

  void encode(ByteWriter& out) const noexcept;
  [[nodiscard]] static Result<ExtendedHeader> decode(ByteReader& in) noexcept;
};

// The size of standard plus extended header that this htyp announces: 4..26.
[[nodiscard]] constexpr std::size_t headers_size(std::uint8_t h) noexcept {
  return standard_header_size + ((h & htyp::with_ecu) != 0 ? 4U : 0U) + ((h & htyp::with_session) != 0 ? 4U : 0U) +
         ((h & htyp::with_timestamp) != 0 ? 4U : 0U) + ((h & htyp::extended_header) != 0 ? extended_header_size : 0U);
}

}  // namespace dlt::proto
