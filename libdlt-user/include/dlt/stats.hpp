// The books of a session. For each buffer, and so in total, whenever no thread is inside a log call:
//
//     accepted == delivered + queued + dropped.total()
//
// While threads log, a snapshot may be off by the messages of calls that were running. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dlt/options.hpp"

namespace dlt {

// Lost messages by cause.
struct Drops {
  std::uint64_t full = 0;         // drop_newest: there was no room
  std::uint64_t overwritten = 0;  // the oldest made room: overwrite; what a daemon that died had not confirmed, and
                                  // could not be sent again
  std::uint64_t timed_out = 0;    // block: no room within the limit; in a callback, that does not wait: at once
  std::uint64_t at_exit = 0;      // not sent to a daemon before the session ended
  std::uint64_t too_large = 0;    // did not fit a frame even when cut, or a write into the incumbent's FIFO
  std::uint64_t nested = 0;       // logged inside a log call of the same thread (signal handler, Encoder)

  [[nodiscard]] std::uint64_t total() const noexcept {
    return full + overwritten + timed_out + at_exit + too_large + nested;
  }
  Drops& operator+=(const Drops& o) noexcept {
    full += o.full;
    overwritten += o.overwritten;
    timed_out += o.timed_out;
    at_exit += o.at_exit;
    too_large += o.too_large;
    nested += o.nested;
    return *this;
  }
};

struct Counts {
  std::uint64_t accepted = 0;        // log calls at an enabled level
  std::uint64_t accepted_bytes = 0;  // of those that were queued, as whole frames
  // Handed to the daemon's socket; less again when that daemon dies without having it. Or to the incumbent's FIFO.
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;
  std::uint64_t queued = 0;
  std::uint64_t high_water = 0;  // most messages ever waiting in one thread's queue, seen at chunk changes
  Drops dropped;

  [[nodiscard]] bool closes() const noexcept { return accepted == delivered + queued + dropped.total(); }
};

struct BufferStats : Counts {
  BufferOptions options;             // as they are now
  std::uint64_t reserved_bytes = 0;  // memory of the queues of this buffer
};

struct Stats : Counts {
  std::vector<BufferStats> buffers;
  std::uint64_t writes = 0;      // writev calls
  std::uint64_t wakes = 0;       // times a log call woke the sender
  std::uint64_t connects = 0;    // connections made to a daemon
  std::uint64_t unrecorded = 0;  // messages that the flight recorder should have and could not take
};

}  // namespace dlt
