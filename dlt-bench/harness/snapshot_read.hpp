// A flight recorder's file read back, and held against what a witness has seen of the calls.
//
//   thread's calls   0 ......... first | kept window ........ committed | one that was running
//                                       all of these in the file          perhaps
//
// The window is known by its size: a ring keeps `ring_bytes` of frames, and only what is older may be missing. Any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/ledger.hpp"

namespace dlt::bench {

struct SnapshotThread {
  std::uint64_t first = 0, next = 0;  // number of its oldest message, and after its newest
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // of frames
};

struct SnapshotContent {
  std::vector<SnapshotThread> threads;
  std::uint64_t messages = 0;  // standard ones
  std::uint64_t file_bytes = 0;
  std::uint64_t torn = 0;         // text or bytes that are not theirs
  std::uint64_t twice = 0;        // or out of order
  std::uint64_t overwritten = 0;  // segments, while they were read: by the file's own first message
  std::vector<std::string> faults;
};

// Throws BenchError when there is no such file.
[[nodiscard]] SnapshotContent read_snapshot(const std::string& path, unsigned threads, unsigned payload);

// What a thread had done: calls that had returned, and those that may have begun besides.
struct Witnessed {
  std::uint64_t committed = 0, begun = 0;
};

struct SnapshotVerdict {
  std::uint64_t committed = 0;      // in the kept windows
  std::uint64_t missed = 0;         // of these
  std::vector<std::string> faults;  // of the content, too
};

// Pure.
[[nodiscard]] SnapshotVerdict judge_snapshot(const SnapshotContent& content, const std::vector<Witnessed>& witnessed,
                                             std::uint64_t ring_bytes);

}  // namespace dlt::bench
