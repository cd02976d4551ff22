// What is shown of a run while it runs. Pure: lines of the application and of the client in, lines of text out.
//
//   application   p NS ACCEPTED DROPPED QUEUED [QUEUED CAPACITY]...    the pairs: each buffer of the library
//   client        c NS DELIVERED P50_US P99_US                         end to end, since the start of the run
//
// NS is CLOCK_MONOTONIC. Rates are those between the last two lines of an end.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace dlt::bench {

class LiveView {
 public:
  // Anything else than one of the two lines is passed over.
  void hear(const std::string& line);
  // A new run: what was heard so far is forgotten.
  void begin(std::string title);

  // As many lines as there is to tell, none longer than `width` characters; `colour`: with escape codes.
  [[nodiscard]] std::vector<std::string> lines(std::size_t width, double now_s, bool colour) const;

 private:
  // A count that rises, and how fast.
  struct Counter {
    std::uint64_t ns = 0, value = 0;
    double per_s = 0;
    std::deque<double> rates;  // the last ones, for the little chart
    void set(std::uint64_t at_ns, std::uint64_t v);
  };

  std::string title_;
  double begin_s_ = 0;
  Counter accepted_, dropped_, delivered_;
  std::uint64_t queued_ = 0;
  double p50_us_ = 0, p99_us_ = 0;
  bool client_ = false;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> fill_;
};

}  // namespace dlt::bench
