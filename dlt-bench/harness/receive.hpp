// What the receiving ends are asked to do, and what they report: a live client, or the reader of stored files.
#pragma once

#include <string>
#include <vector>

#include "harness/ledger.hpp"
#include "harness/plan.hpp"

namespace dlt::bench {

struct ReceivePlan {
  std::uint16_t port = 0;
  std::string run;  // application id
  unsigned producers = 1;
  bool realistic_text = false;
  unsigned payload = 12;
  double silence_s = 2;  // after everything should be there: when nothing came for so long, the rest is missing
  double series_s = 0;   // note so often what has arrived; 0: not
  double live_s = 0;     // as in ProducePlan
  std::string socket;    // of the syslog reader, which makes it
};

// What has arrived up to a moment (CLOCK_MONOTONIC).
struct ArrivedAt {
  std::uint64_t ns = 0;
  std::uint64_t delivered = 0;
};

struct ReceiveResult {
  std::vector<Producer> producers;
  std::uint64_t delivered = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> faults;
  Percentiles e2e_us;
  std::uint64_t first_ns = 0, last_ns = 0;  // arrival of the first and the last message
  bool eof = false;                         // the daemon closed the connection
  Usage usage;
  std::vector<ArrivedAt> series;
};

struct StorePlan {
  std::string directory;
  std::string run;
  unsigned producers = 1;
  bool realistic_text = true;
  unsigned payload = 12;
};

struct StoreResult {
  std::vector<Producer> producers;
  std::uint64_t delivered = 0;
  std::uint64_t bytes = 0;  // frames, without storage headers
  std::vector<std::string> faults;
  unsigned files = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t plain_bytes = 0;      // with storage headers
  double compressor_bytes_per_s = 0;  // level 1 over the same frames, one thread, in memory; 0: not compressed
  double compressor_ratio = 0;
};

}  // namespace dlt::bench
