// What is known about storage from outside its thread: a copy, taken under the writer's lock.
#pragma once

#include <cstdint>
#include <string>

#include "route/sink.hpp"

namespace dlt::daemon {

struct StorageStatus {
  enum class State : std::uint8_t { off, writing, suspended };

  State state = State::off;
  std::string file;     // that is written to, empty if none is open
  std::string problem;  // why it is suspended
  Volume written;
  Volume dropped;
  std::uint64_t files = 0;  // that exist
  std::uint64_t queued_bytes = 0;
  std::uint64_t file_bytes = 0;  // written to files since the start, compressed or not
};

}  // namespace dlt::daemon
