// The daemon's state as one JSON document; status_table.hpp shows it to people. dlt-daemon/README.md describes the
// fields; names are stable.
#pragma once

#include <string>

#include "config.hpp"
#include "logstorage/device_status.hpp"
#include "session/hub.hpp"
#include "storage/storage_status.hpp"

namespace dlt::daemon {

struct StatusSources {
  const Config& config;
  const Exchange& exchange;
  const Hub& hub;
  const StorageStatus& storage;
  const std::vector<logstorage::DeviceStatus>& logstorage;
  const Snapshots::Status& snapshots;
  std::uint16_t client_port;
  std::uint16_t app_port;  // 0: no TCP for applications
  Clock::time_point started;
};

// The io thread's.
[[nodiscard]] std::string status_json(const StatusSources& sources);

}  // namespace dlt::daemon
