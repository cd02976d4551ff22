// The highest rate that is kept up with, for the cases that build on it.
#pragma once

#include "case.hpp"

namespace dlt::bench {

struct KeptUp {
  double rate = 0;                  // messages/s, 0: none was found
  Row held;                         // the run that held it
  std::vector<std::string> faults;  // of any run of the search
};

// Looks for it in runs of `probe_s`, then holds it for `hold_s`; gives way by a tenth where it does not last.
[[nodiscard]] KeptUp find_kept_up_rate(const Load& load, double probe_s, double hold_s);

}  // namespace dlt::bench
