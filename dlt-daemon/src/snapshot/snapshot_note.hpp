// The first message of a snapshot: what the file is, in the daemon's own words (DLTD SNAP), as named values that
// `dlt-daemon cat --format json` shows as fields. Pure.
#pragma once

#include <string>

#include "dlt/proto/recording.hpp"
#include "route/control.hpp"
#include "snapshot/snapshot_job.hpp"

namespace dlt::daemon {

struct SnapshotPlace {
  EcuId ecu;
  std::string host;
};

// When the memory was read, by both clocks.
struct SnapshotMoment {
  std::int64_t unix_us = 0;
  std::uint32_t uptime = 0;  // 0.1 ms since boot, as frames carry it
};

[[nodiscard]] Frame snapshot_note(const SnapshotPlace& place, const SnapshotJob& job, const proto::Recording& recording,
                                  const SnapshotMoment& now);

}  // namespace dlt::daemon
