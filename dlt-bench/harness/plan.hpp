// What a producing process is asked to do, and what it reports. Plain values that travel as JSON between our processes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/histogram.hpp"
#include "harness/usage.hpp"

namespace dlt::bench {

enum class Timing {
  sampled,  // flat out: one call in 64 is stamped and timed, so that the clocks do not set the pace
  each,     // every call is stamped and timed
  bursts,   // bursts with pauses; alternately timed as a whole (average) and call by call (tails); not stamped
};

struct ProducePlan {
  std::string logger = "dlt";  // see make_logger
  std::string address;         // of the daemon, as the library takes it
  std::string run;             // application id, four characters
  unsigned threads = 1;
  std::uint64_t messages = 0;  // per thread, 0: until the time is up
  double duration_s = 0;       // 0: until the messages are used up
  double rate = 0;             // messages/s of all threads together, 0: flat out
  std::uint64_t warm_up = 0;   // first calls of each thread that are not timed (they are in the books)
  Timing timing = Timing::sampled;
  unsigned burst = 20;                        // calls
  double pause_min_us = 2, pause_max_us = 2;  // between bursts, spread evenly on a logarithmic scale
  bool sleep_in_pause = false;                // else the thread stays busy
  bool realistic_text = false;
  unsigned payload = 12;              // bytes of text, without realistic_text
  bool urgent = false;                // logs errors instead of infos
  std::uint32_t buffer_capacity = 0;  // messages, 0: the library's default
  int overflow_mode = 2;              // the library's numbers: 0 overwrite, 1 drop newest, 2 block
  unsigned timeout_ms = 100;
  bool wait_connected = true;
  double flush_s = 30;
};

// The logger's own books.
struct LoggerBooks {
  std::uint64_t accepted = 0;
  std::uint64_t queued = 0;
  std::map<std::string, std::uint64_t> dropped;  // by cause
  bool closes = true;                            // by its own account
  std::uint64_t writes = 0;
  std::uint64_t wakes = 0;

  [[nodiscard]] std::uint64_t dropped_total() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [cause, n] : dropped) sum += n;
    return sum;
  }
};

struct ProduceResult {
  std::vector<std::uint64_t> offered;  // calls per thread
  std::uint64_t refused = 0;           // calls that returned false
  LoggerBooks books;
  bool flushed = false;
  Percentiles call_ns;        // less the clock's overhead
  Percentiles burst_call_ns;  // average per call of whole bursts, the clock pair included
  double clock_overhead_ns = 0;
  std::uint64_t begin_ns = 0;     // CLOCK_MONOTONIC: before the first call …
  std::uint64_t produced_ns = 0;  // … after the last …
  std::uint64_t flushed_ns = 0;   // … and when the logger had handed everything over
  Usage usage;                    // from begin to flushed
  std::uint64_t rss_before_bytes = 0;
  std::uint64_t rss_after_bytes = 0;  // after the last call, before the flush

  [[nodiscard]] std::uint64_t offered_total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : offered) sum += n;
    return sum;
  }
};

}  // namespace dlt::bench
