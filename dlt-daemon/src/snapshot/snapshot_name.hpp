// Names of snapshots: what they are of and why, so that a directory of them can be read.
//
//   ECU1-NAVI-4711-20261126T213405.123456Z-crash-signal-11.dlt.zst
//   ECU1-NAVI-4711-20261126T213405.123456Z-crash-signal-11-2.dlt.zst      the name was taken
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dlt/proto/ids.hpp"

namespace dlt::daemon {

// Letters, digits and '_' stay, each run of anything else becomes one '-'. At most `limit` characters, never empty.
[[nodiscard]] std::string name_part(std::string_view text, std::size_t limit);

// UTC: "20261126T213405.123456Z".
[[nodiscard]] std::string time_part(std::int64_t unix_us);

// `turn`: 1 at first; more where the name is taken.
[[nodiscard]] std::string snapshot_name(EcuId ecu, AppId app, std::int32_t pid, std::int64_t unix_us,
                                        std::string_view reason, unsigned turn);

// When a file of that name was made, as text that sorts by time; empty: it is no snapshot.
[[nodiscard]] std::string_view time_of_snapshot(std::string_view name) noexcept;

}  // namespace dlt::daemon
