// What the process is asked that is weighed while its messages wait, and what it finds: lines of JSON.
#pragma once

#include <cstdint>
#include <string>

#include "harness/json.hpp"

namespace dlt::bench {

struct WeighPlan {
  std::string address;
  std::string run;
  std::uint64_t messages = 0;
  unsigned fields = 0;  // 0, 3 or 8
  unsigned text = 32;   // bytes
};
struct Weight {
  std::uint64_t rss_before = 0, rss_after = 0;
  std::uint64_t heap_before = 0, heap_after = 0;  // allocated and not given back
  std::uint64_t waiting = 0;                      // messages that no daemon has confirmed
  std::uint64_t wire_bytes = 0;                   // of all frames
  std::uint64_t begin_ns = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WeighPlan, address, run, messages, fields, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Weight, rss_before, rss_after, heap_before, heap_after, waiting, wire_bytes,
                                   begin_ns)

}  // namespace dlt::bench
