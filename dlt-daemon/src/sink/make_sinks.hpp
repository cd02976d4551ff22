// The sinks that the configuration asks for, besides the clients that come and go. A new kind of sink is added here.
#pragma once

#include <memory>

#include "config.hpp"
#include "session/hub.hpp"
#include "sink/logstorage_sink.hpp"
#include "sink/storage_sink.hpp"

namespace dlt::daemon {

struct Sinks {
  std::unique_ptr<StorageSink> storage;        // nothing if it is off
  std::unique_ptr<LogstorageSink> logstorage;  // likewise

  // Each writes what it has; nothing is accepted after that.
  void stop() {
    if (storage) storage->stop();
    if (logstorage) logstorage->stop();
  }
};

// How many devices may be connected; one that is connected from the start counts.
[[nodiscard]] std::uint32_t logstorage_devices(const Config& config);

// Adds them to the exchange's router; they outlive its use. The exchange outlives them.
[[nodiscard]] Sinks make_sinks(const Config& config, asio::io_context& io, Exchange& exchange, Hub& hub);

}  // namespace dlt::daemon
