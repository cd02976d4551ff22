// What is known about a logstorage device from outside its thread: a copy, taken under the device's lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dlt::daemon::logstorage {

struct FilterStatus {
  std::string name;
  std::string file;  // that is written to; empty: none yet
  std::uint64_t files = 0;
  std::uint64_t stored = 0;       // messages that the disk has confirmed
  std::uint64_t cached = 0;       // messages that wait in memory
  std::uint64_t overwritten = 0;  // in the cache by newer ones
  std::uint64_t discarded = 0;    // because every file is full (DISCARD_NEW)
  std::uint64_t failed = 0;       // that could not be written
};

struct DeviceStatus {
  enum class State : std::uint8_t { connecting, connected, disconnecting, failed };

  std::string path;
  State state = State::connecting;
  std::string problem;        // of the last failure
  std::uint64_t errors = 0;   // of writing, since it was connected
  std::uint64_t dropped = 0;  // messages that came faster than the device takes them
  std::uint64_t queued_bytes = 0;
  std::vector<FilterStatus> filters;
};

}  // namespace dlt::daemon::logstorage
