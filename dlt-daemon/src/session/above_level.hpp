// Whether a frame is above what is forced (ForceContextLogLevelAndTraceStatus). Pure; any thread.
#pragma once

#include "dlt/proto/header.hpp"
#include "route/registry.hpp"

namespace dlt::daemon {

// Is a log message above the level, or a trace although the status is off? Without an extended header it has neither.
[[nodiscard]] inline bool is_above(proto::Bytes frame, std::size_t headers, Defaults highest) noexcept {
  if ((static_cast<std::uint8_t>(frame[0]) & proto::htyp::extended_header) == 0) return false;
  const auto msin = static_cast<std::uint8_t>(frame[headers - proto::extended_header_size]);
  switch (proto::msin::type(msin)) {
    case proto::MessageType::log: return proto::msin::info(msin) > highest.level;
    case proto::MessageType::app_trace:
    case proto::MessageType::network_trace: return highest.trace == 0;
    case proto::MessageType::control: return false;
  }
  return false;  // the four other numbers mean nothing
}

}  // namespace dlt::daemon
