// Walks a stream of DLT frames, cut anywhere, and enters the standard messages of one run into a ledger.
//
// Frames of others (control messages, other applications, earlier runs) are stepped over and counted. `stored` streams
// have a storage header before each frame. After bytes that cannot be a frame one corrupt spot is entered and the walk
// goes on at the next place that looks like one. No clock: the time of arrival comes in. One thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/histogram.hpp"
#include "harness/ledger.hpp"

namespace dlt::bench {

class StreamReader {
 public:
  enum class Kind { live, stored };
  StreamReader(Kind kind, AppId run, Ledger& ledger)
      : prefix_(kind == Kind::stored ? 16 : 0), run_(run), ledger_(&ledger) {}

  // `arrived_ns`: for end-to-end times; 0 measures none.
  void feed(proto::Bytes bytes, std::uint64_t arrived_ns);
  // A stream that ends inside a frame has lost it.
  void finish();

  [[nodiscard]] std::uint64_t others() const noexcept { return others_; }
  [[nodiscard]] const Histogram& latency_ns() const noexcept { return latency_; }

 private:
  // Returns how many bytes were whole frames.
  std::size_t walk(proto::Bytes bytes, std::uint64_t arrived_ns);
  [[nodiscard]] bool plausible(const std::byte* at) const noexcept;
  void take(proto::Bytes frame, std::uint64_t arrived_ns);

  std::size_t prefix_;
  AppId run_;
  Ledger* ledger_;
  std::vector<std::byte> carried_;
  bool skipping_ = false;
  std::uint64_t others_ = 0;
  Histogram latency_;
};

}  // namespace dlt::bench
