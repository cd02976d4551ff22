// A case answers one question: Case { name, question, run(Load) -> Numbers }. The list is in cases.cpp.
//
// Load is what the user asked for; what was not asked is the case's own choice. Numbers are rows (one configuration
// each, measured several times), criteria that were judged, and notes. Plain values; one thread.
#pragma once

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
  std::string daemon;                        // unix:PATH or tcp:HOST:PORT of a running one; empty: private ones
  std::string control;                       // its control socket; empty: control.sock beside its Unix socket
  std::optional<std::uint16_t> client_port;  // its port for clients; without it: as its status says
  std::string logger = "dlt";
  bool brief = false;  // fewer and shorter repeats: part of `quick`
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
  std::map<std::string, double> extra;  // what only this case has
  std::vector<std::string> faults;      // why this repeat does not count as good

  [[nodiscard]] std::uint64_t dropped_total() const noexcept;
  [[nodiscard]] double msgs_per_s() const noexcept;
  [[nodiscard]] double mb_per_s() const noexcept;
  [[nodiscard]] double cpu_s_per_million() const noexcept;  // application and daemon, per delivered
};

struct Row {
  std::string case_name;
  std::vector<std::pair<std::string, std::string>> config;  // in the order shown
  std::vector<Sample> samples;                              // without the warm-up
  std::vector<std::string> notes;
  std::vector<std::string> faults;  // of the row and of all its repeats; not empty: the run fails
  bool peer = false;                // another library: shown, its losses are not our failure

  [[nodiscard]] std::string label() const;  // "1 thread, unix, no sink"
};

// Median and range of one figure over the samples of a row.
struct Spread {
  double median = 0, min = 0, max = 0;
};
[[nodiscard]] Spread spread(const Row& row, const std::function<double(const Sample&)>& figure);
[[nodiscard]] Spread spread(std::vector<double> values);

// A figure to reach.
struct Criterion {
  std::string what;
  std::string unit;
  Spread measured;
  double target = 0;
  std::optional<double> stretch;
  bool at_most = true;        // else at least
  double roofline_share = 0;  // 0: none
  std::string remark;

  [[nodiscard]] bool met() const noexcept { return at_most ? measured.median <= target : measured.median >= target; }
  [[nodiscard]] bool stretch_met() const noexcept {
    return stretch && (at_most ? measured.median <= *stretch : measured.median >= *stretch);
  }
};

struct Numbers {
  std::vector<Row> rows;
  std::vector<Criterion> criteria;
  std::vector<std::pair<std::string, std::string>> facts;  // figures that are not rows

  void add(Numbers other);
  [[nodiscard]] bool good() const noexcept;  // no faults, no criterion missed
};

struct Case {
  const char* name;
  const char* question;
  Numbers (*run)(const Load&);
};

}  // namespace dlt::bench
