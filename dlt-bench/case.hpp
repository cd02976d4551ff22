// A case answers one question: Case { name, question, run(Load) -> Numbers }. The list is in cases.cpp.
//
// Load is what the user asked for; what was not asked is the case's own choice. Numbers are rows (one configuration
// each, measured several times), criteria that were judged, and notes. Plain values; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/histogram.hpp"
#include "harness/usage.hpp"

namespace dlt::bench {

struct Load {
  std::optional<unsigned> repeat;
  std::optional<double> duration_s;          // of one repeat
  std::optional<unsigned> threads;           // instead of the case's own steps
  std::optional<std::uint64_t> messages;     // per thread
  std::optional<unsigned> payload;           // bytes of text
  std::optional<double> rate;                // messages/s of all threads
  std::optional<std::uint32_t> buffer;       // capacity in messages
  std::optional<double> budget_s;            // of `full`, `system`
  std::string daemon;                        // unix:PATH or tcp:HOST:PORT of a running one; empty: private ones
  std::string control;                       // its control socket; empty: control.sock beside its Unix socket
  std::optional<std::uint16_t> client_port;  // its port for clients; without it: as its status says
  std::string logger = "dlt";
  bool brief = false;            // fewer and shorter repeats: part of `quick`
  double time_scale = 1;         // of durations that nobody asked for, 0 … 1
  double again_until_s = 1e300;  // CLOCK_MONOTONIC: what is noisy is repeated only if it begins before
  bool lossy_relay = false;      // between daemon and client something that loses every 10,000th message, on purpose
  bool live = false;             // a dashboard on the terminal while it runs
  std::string profile;           // directory for CPU profiles of application and daemon; empty: none
};

// Where the messages were at a moment of a run.
struct Moment {
  double t_s = 0;  // since the first call
  std::uint64_t accepted = 0, dropped = 0, delivered = 0;
  [[nodiscard]] double backlog() const noexcept {
    return std::max(0.0, static_cast<double>(accepted) - static_cast<double>(dropped) - static_cast<double>(delivered));
  }
};

// One repeat. Counts are of messages.
struct Sample {
  double seconds = 0;  // from the first call to the last arrival
  std::uint64_t offered = 0;
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  std::uint64_t delivered_bytes = 0;
  std::map<std::string, std::uint64_t> dropped;  // by cause; causes of the daemon begin with "daemon_"
  std::int64_t unaccounted = 0;                  // accepted - delivered - dropped
  Percentiles call_ns;                           // less the clock's overhead
  Percentiles burst_call_ns;                     // averages of whole bursts, the clock included
  double clock_overhead_ns = 0;
  Percentiles e2e_us;
  Usage application, daemon, client;
  double roofline_msgs_per_s = 0;       // measured right before; 0: not measured
  std::uint64_t writes = 0;             // of the library to the daemon's socket, by its own count; 0: it has none
  std::uint64_t reserved_bytes = 0;     // memory of all its buffers, by its own count …
  std::uint64_t buffers = 0;            // … and how many of them were in use
  std::vector<Moment> series;           // where it was asked for
  std::map<std::string, double> extra;  // what only this case has
  std::vector<std::string> faults;      // why this repeat does not count as good

  [[nodiscard]] std::uint64_t dropped_total() const noexcept;
  [[nodiscard]] double msgs_per_s() const noexcept;
  [[nodiscard]] double mb_per_s() const noexcept;
  [[nodiscard]] double cpu_s_per_million() const noexcept;  // application and daemon, per delivered
  [[nodiscard]] double messages_per_write() const noexcept;
  [[nodiscard]] double bytes_per_buffer() const noexcept;
  [[nodiscard]] std::uint64_t context_switches() const noexcept;  // application and daemon
};

struct Row {
  std::string case_name;
  std::vector<std::pair<std::string, std::string>> config;  // in the order shown
  std::vector<Sample> samples;                              // without the warm-up
  std::vector<std::string> notes;
  std::vector<std::string> faults;  // of the row and of all its repeats; not empty: the run fails
  bool peer = false;                // another library: shown, its losses are not our failure
  bool noisy = false;               // its main figure differs by more than noise_limit between the repeats

  [[nodiscard]] std::string label() const;  // "1 thread, unix, no sink"
};

// Median and range of one figure over the samples of a row.
struct Spread {
  double median = 0, min = 0, max = 0;
};
[[nodiscard]] Spread spread(const Row& row, const std::function<double(const Sample&)>& figure);
[[nodiscard]] Spread spread(std::vector<double> values);

// (max - min) / median, beyond which a result is noisy.
inline constexpr double noise_limit = 0.3;
[[nodiscard]] double noise(const Spread& s) noexcept;

// A figure to reach.
struct Criterion {
  std::string what;
  std::string unit{};
  Spread measured;
  double target = 0;
  std::optional<double> stretch{};
  bool at_most = true;        // else at least
  double roofline_share = 0;  // 0: none
  std::string remark{};
  bool decides = true;  // a miss fails the run; else it is only shown

  [[nodiscard]] bool met() const noexcept { return at_most ? measured.median <= target : measured.median >= target; }
  [[nodiscard]] bool stretch_met() const noexcept {
    return stretch && (at_most ? measured.median <= *stretch : measured.median >= *stretch);
  }
};

struct Numbers {
  std::vector<Row> rows;
  std::vector<Criterion> criteria;
  std::vector<std::pair<std::string, std::string>> facts;  // figures that are not rows
  std::vector<std::string> cannot_run{};                   // what this machine does not allow, and why: a sentence each

  void add(Numbers other);
  [[nodiscard]] bool books_close() const noexcept;  // no faults
  [[nodiscard]] bool good() const noexcept;         // and no criterion missed that decides
  [[nodiscard]] std::size_t missed() const noexcept;
};

struct Case {
  const char* name;
  const char* question;
  Numbers (*run)(const Load&);
  bool composed = false;  // of other cases: not run again by --all
};

}  // namespace dlt::bench
