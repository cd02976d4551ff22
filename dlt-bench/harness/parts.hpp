// Several cases within a budget of time.
//
// Each part has a length that it takes on two CPUs that are not busy. Before each, what is left of the budget is shared
// out among the parts that are left; one that gets less than its length runs shorter, with fewer repeats, and what is
// noisy is repeated only while its share lasts. When nothing is left, the rest is left out, and the result says so.
// One thread.
#pragma once

#include <functional>
#include <span>

#include "case.hpp"

namespace dlt::bench {

struct Part {
  const char* name;  // of a case
  double seconds;
};

// What the caller changes of a part's load; `so_far` is what the parts before it have found.
using AdjustLoad = std::function<void(Load&, const Part&, const Load& asked, const Numbers& so_far)>;

[[nodiscard]] Numbers run_parts(const Load& asked, std::span<const Part> parts, double budget_s,
                                const AdjustLoad& adjust = {});

}  // namespace dlt::bench
