// What each part of the daemon is told of the configuration. The io thread's: a file with a version text is read.
#pragma once

#include "config.hpp"
#include "session/hub.hpp"

namespace dlt::daemon {

[[nodiscard]] Control::Options control_options(const Config& config);
[[nodiscard]] Exchange::Options exchange_options(const Config& config);
[[nodiscard]] SnapshotFiles::Options snapshot_options(const Config& config);
[[nodiscard]] Hub::Options hub_options(const Config& config);
[[nodiscard]] Registry::Limits registry_limits(const Config& config);
[[nodiscard]] Intake::Options intake_options(const Config& config);

// `fresh` as far as it takes effect while the daemon runs; what has to wait for the next start is as in `running`.
[[nodiscard]] Config applicable(const Config& fresh, const Config& running);

}  // namespace dlt::daemon
