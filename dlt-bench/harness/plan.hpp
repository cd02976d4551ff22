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
  growing,  // bursts that grow, see burst_size(); not timed
};

struct ProducePlan {
  std::string logger = "dlt";  // see make_logger
  std::string address;         // of the daemon, as the library takes it
  std::string run;             // application id, four characters
  unsigned threads = 1;
  unsigned first_producer = 0;  // the number of the first thread, where several processes log into one ledger
  std::uint64_t messages = 0;   // per thread, 0: until the time is up
  double duration_s = 0;        // 0: until the messages are used up
  double rate = 0;              // messages/s of all threads together, 0: flat out
  std::uint64_t clump = 1;      // messages of a thread that fall due at once when there is a rate
  double after_rate = 0;        // for after_s more seconds: this rate
  double after_s = 0;
  std::uint64_t warm_up = 0;  // first calls of each thread that are not timed (they are in the books)
  Timing timing = Timing::sampled;
  unsigned burst = 20;                        // calls
  double pause_min_us = 2, pause_max_us = 2;  // between bursts, spread evenly on a logarithmic scale
  bool sleep_in_pause = false;                // else the thread stays busy
  bool realistic_text = false;
  unsigned payload = 12;              // bytes of text, without realistic_text
  bool urgent = false;                // logs errors instead of infos
  bool mixed_levels = false;          // see lane_of(); each lane of a thread is a producer of its own
  std::uint32_t buffer_capacity = 0;  // messages, 0: the library's default
  std::uint32_t buffer_count = 0;     // … likewise
  std::uint32_t batch_size = 0;
  std::uint32_t senders = 0;
  int overflow_mode = 2;  // the library's numbers: 0 overwrite, 1 drop newest, 2 block
  unsigned timeout_ms = 100;
  bool wait_connected = true;
  double flush_s = 30;
  double series_s = 0;  // look at the books so often while the threads log; 0: not
  double live_s = 0;    // tell how it stands so often, in lines that begin with "live "; 0: not

  [[nodiscard]] unsigned lanes() const noexcept;
  [[nodiscard]] unsigned producers() const noexcept { return threads * lanes(); }
};

// Where levels are mixed, the order of a thread's messages holds within each of three lanes: fatal, error, the rest.
inline constexpr unsigned mixed_lanes = 3;
// Of 64 messages 1 is fatal and 3 are errors.
[[nodiscard]] constexpr unsigned lane_of(std::uint64_t call) noexcept {
  return call % 64 == 0 ? 0 : call % 16 == 0 ? 1 : 2;
}
inline unsigned ProducePlan::lanes() const noexcept { return mixed_levels ? mixed_lanes : 1; }

// Timing::growing: burst k has so many messages; each is a quarter larger than the one before.
inline constexpr std::uint64_t first_burst = 256, last_burst = 1'000'000;
[[nodiscard]] constexpr std::uint64_t next_burst(std::uint64_t size) noexcept { return size + size / 4; }

// The logger's own books.
struct LoggerBooks {
  std::uint64_t accepted = 0;
  std::uint64_t queued = 0;
  std::map<std::string, std::uint64_t> dropped;  // by cause
  bool closes = true;                            // by its own account
  std::uint64_t writes = 0;
  std::uint64_t wakes = 0;
  std::uint64_t connects = 0;                                 // made to a daemon
  std::uint64_t reserved_bytes = 0;                           // memory of all queues
  std::uint64_t buffers_used = 0;                             // that have any
  std::vector<std::pair<std::uint64_t, std::uint64_t>> fill;  // of each buffer: messages queued, capacity

  [[nodiscard]] std::uint64_t dropped_total() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [cause, n] : dropped) sum += n;
    return sum;
  }
};

// The books while the threads log.
struct BooksAt {
  std::uint64_t ns = 0;  // CLOCK_MONOTONIC
  std::uint64_t accepted = 0, dropped = 0, queued = 0;
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
  std::vector<BooksAt> series;

  [[nodiscard]] std::uint64_t offered_total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : offered) sum += n;
    return sum;
  }
};

}  // namespace dlt::bench
