#include "harness/ledger.hpp"

namespace dlt::bench {

std::vector<std::string> Ledger::faults() const {
  std::vector<std::string> faults;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count != 0) faults.push_back(std::to_string(count) + " " + what);
  };
  add(backwards_, "messages arrived twice or out of order");
  add(torn_, "messages carried a text that is not theirs");
  add(strangers_, "messages came from a producer that does not exist");
  add(corrupt_, "spots in the stream were not DLT frames");
  return faults;
}

}  // namespace dlt::bench
