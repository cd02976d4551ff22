// What travels inside the daemon: a run of whole DLT frames, back to back, somewhere in a slab.
//
// The span keeps its slab alive; copying it copies no frame. The frames in it have been checked (version, and a length
// that covers the headers), so walking needs no further checks. Any thread may read a span that it holds.
#pragma once

#include <cstdint>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/ids.hpp"
#include "route/slab.hpp"

namespace dlt::daemon {

struct FrameSpan {
  SlabRef slab;
  const std::byte* data = nullptr;
  std::uint32_t size = 0;        // bytes, >= 4
  std::uint32_t frames = 0;      // >= 1
  std::int64_t received_us = 0;  // Unix time in microseconds, for storage headers
  bool own = false;              // made by the daemon: for clients only, neither counted nor kept
  std::uint32_t source = 0;      // the connection that it came by (lower half of the SessionId); 0: none
  std::uint64_t routed = 0;      // bytes of messages that the router had been given, this span included
  bool stored_only = false;      // not for clients
  EcuId ecu{};                   // of the passive node that it came from; empty: this daemon's

  [[nodiscard]] proto::Bytes bytes() const noexcept { return {data, size}; }
};

// The length of the checked frame at `frame`.
[[nodiscard]] inline std::size_t frame_length(const std::byte* frame) noexcept {
  return proto::load_be<std::uint16_t>(frame + 2);
}

// Calls visit(Bytes frame) for each frame of a span.
template <class Visit>
void for_each_frame(proto::Bytes frames, Visit&& visit) {
  for (std::size_t at = 0; at < frames.size();) {
    const std::size_t n = frame_length(frames.data() + at);
    visit(frames.subspan(at, n));
    at += n;
  }
}

}  // namespace dlt::daemon
