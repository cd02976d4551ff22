// The sinks that the configuration asks for, besides the clients that come and go. A new kind of sink is added here.
#pragma once

#include <memory>

#include "config.hpp"
#include "route/router.hpp"
#include "sink/storage_sink.hpp"

namespace dlt::daemon {

struct Sinks {
  std::unique_ptr<StorageSink> storage;  // nothing if it is off

  // Each writes what it has; nothing is accepted after that.
  void stop() {
    if (storage) storage->stop();
  }
};

// Adds them to the router; they outlive its use.
[[nodiscard]] Sinks make_sinks(const Config& config, Router& router);

}  // namespace dlt::daemon
