// What a process with a flight recorder is asked to do: lines of JSON. Its messages are standard ones; each call that
// has returned is counted on a board, which outlives the process.
//
//   ready, go -> logged (`messages` each) or going; then any of
//   snapshot -> SnapshotAnswered;  stop -> VisitResult (of the messages that were sent);  end
//
// With an `ending` it says "going" after go, and ends that way once its first thread has made `after` calls.
#pragma once

#include <cstdint>
#include <string>

#include "harness/json.hpp"

namespace dlt::bench {

struct RecordPlan {
  std::string address;
  std::string run;
  std::string logger = "dlt";  // or drops, repeats, tears: one call of a hundred
  std::string board;           // path of a BoardMemory
  unsigned first = 0;          // its first thread's place on the board
  unsigned threads = 1;
  unsigned payload = 12;
  std::uint32_t ring_bytes = 256 << 10;  // of a thread
  std::uint64_t messages = 0;  // of each thread, only recorded; 0: until it is stopped, one of four is also sent
  unsigned burst = 1;          // calls between two pauses
  unsigned pause_us = 0;
  bool timed = false;  // the longest call is told on the board
  std::string ending;  // kill (waits for it), segv, abort, exit, terminate
  std::uint64_t after = 0;
};
struct SnapshotAnswered {
  std::string path;
  std::string problem;
  std::uint64_t ns = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RecordPlan, address, run, logger, board, first, threads, payload, ring_bytes,
                                   messages, burst, pause_us, timed, ending, after)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SnapshotAnswered, path, problem, ns)

}  // namespace dlt::bench
