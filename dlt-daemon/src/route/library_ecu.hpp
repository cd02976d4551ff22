// The ECU id that libraries write into messages while they do not know their daemon's; the incumbent's library always
// does. The daemon that gets such a message puts its own id there, as the incumbent's daemon does. Any thread.
#pragma once

#include <cstring>
#include <span>

#include "dlt/proto/header.hpp"
#include "dlt/proto/ids.hpp"

namespace dlt::daemon {

inline constexpr EcuId library_ecu{"ECU1"};

// Of a whole frame. True: that id was there, and is replaced.
inline bool replace_library_ecu(std::span<std::byte> frame, EcuId own) noexcept {
  if ((std::to_integer<std::uint8_t>(frame[0]) & proto::htyp::with_ecu) == 0) return false;
  std::byte* const at = frame.data() + proto::standard_header_size;
  if (EcuId::from_bytes(at) != library_ecu) return false;
  std::memcpy(at, own.bytes(), 4);
  return true;
}

}  // namespace dlt::daemon
