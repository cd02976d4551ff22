// What one snapshot is of, and what became of it. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dlt/proto/local.hpp"
#include "session/shared_memory.hpp"

namespace dlt::daemon {

// An application that has a flight recorder.
struct Recorded {
  std::shared_ptr<const SharedMemory> memory;
  AppId app;
  std::string program;  // what it says of itself
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  std::int64_t since_us = 0;  // Unix time at which it connected
};

struct SnapshotJob {
  Recorded of;
  std::string reason;
  std::int64_t asked_us = 0;  // Unix time
};

// How long it took, in µs.
struct SnapshotStages {
  std::uint64_t read = 0;      // the memory, and putting its messages in order
  std::uint64_t compress = 0;  // and writing
  std::uint64_t sync = 0;      // file and directory, renaming between them
};

struct SnapshotResult {
  using Status = proto::local::SnapshotAnswer::Status;
  Status status = Status::written;
  std::string text;         // the path, or what went wrong
  std::uint64_t bytes = 0;  // of the file
  SnapshotStages took = {};
};

}  // namespace dlt::daemon
