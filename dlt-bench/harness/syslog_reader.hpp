// Enters what arrives at a syslog socket, a message a datagram, into a ledger.
//
//   <14>Nov 26 11:48:18 RUN: NUMBER SENT TEXT      as syslog(3) writes it; the number carries producer and sequence
//
// Messages of other programs are counted and passed over. No clock, no socket. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/histogram.hpp"
#include "harness/ledger.hpp"

namespace dlt::bench {

class SyslogReader {
 public:
  SyslogReader(const std::string& run, Ledger& ledger) : mark_(" " + run + ": "), ledger_(&ledger) {}

  void enter(std::string_view datagram, std::uint64_t arrived_ns);

  [[nodiscard]] std::uint64_t others() const noexcept { return others_; }
  [[nodiscard]] const Histogram& latency_ns() const noexcept { return latency_; }

 private:
  std::string mark_;
  Ledger* ledger_;
  std::uint64_t others_ = 0;
  Histogram latency_;
};

}  // namespace dlt::bench
