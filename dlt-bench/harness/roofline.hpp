// This machine's limit, without library and daemon: one process writes prepared frames in contiguous ranges of 64 KiB
// through a Unix socket (or TCP on loopback), another one walks every frame.
#pragma once

#include <cstdint>
#include <string>

#include "harness/usage.hpp"

namespace dlt::bench {

struct RooflinePlan {
  std::string path;        // of a Unix socket; empty: TCP
  std::uint16_t port = 0;  // TCP: filled in by the reader
  double duration_s = 0.5;
  unsigned text_bytes = 12;
};

struct RooflineResult {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;  // of what the walker read: proves that it did
  std::uint64_t first_ns = 0, last_ns = 0;
  Usage usage;

  [[nodiscard]] double messages_per_s() const noexcept {
    return last_ns > first_ns ? static_cast<double>(messages) * 1e9 / static_cast<double>(last_ns - first_ns) : 0;
  }
};

struct RooflineFigures {
  RooflineResult written, read;
};

struct MachineResult {
  double clock_reading_ns = 0;     // one reading of the counter
  double clock_pair_ns = 0;        // what a pair around nothing shows
  double counter_ns = 0;           // the counter without any fence, as the library reads it
  double increment_ns = 0;         // an atomic increment that nobody else wants
  double copy_messages_per_s = 0;  // memcpy of standard frames into a buffer of 1 MiB
  double copy_bytes_per_s = 0;
  double filtered_ns = 0;  // one log call whose level is off, the loop included
};

enum class RooflineSocket { unix_stream, tcp };

// Runs writer and reader in fresh processes. Throws BenchError when the two do not agree on what was sent.
[[nodiscard]] RooflineFigures run_roofline(RooflineSocket socket, double duration_s, unsigned text_bytes);
[[nodiscard]] MachineResult run_machine();

}  // namespace dlt::bench
