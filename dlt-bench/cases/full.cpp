// The whole suite within a budget of time. Whether it is good says that the books closed; figures that are missed are
// shown.
#include <algorithm>
#include <array>

#include "cases.hpp"
#include "harness/parts.hpp"

namespace dlt::bench {
namespace {

constexpr double default_budget_s = 600;
constexpr std::array parts{Part{"roofline", 8},      Part{"throughput", 75},      Part{"latency", 60},
                           Part{"overflow-all", 30}, Part{"concurrency-all", 35}, Part{"buffer-all", 85},
                           Part{"suspend-all", 50},  Part{"compare", 90},         Part{"footprint", 16},
                           Part{"instructions", 8},  Part{"reconnect", 22},       Part{"keep-up", 60},
                           Part{"soak", 35}};

// Half the rate that keep-up has found; nothing when it did not run.
std::optional<double> half_of_kept(const Numbers& numbers) {
  for (const auto& row : numbers.rows)
    for (const auto& s : row.samples)
      if (const auto at = s.extra.find("rate_held"); at != s.extra.end()) return at->second / 2;
  return {};
}

void adjust(Load& load, const Part& part, const Load& asked, const Numbers& so_far) {
  const std::string_view name = part.name;
  if (name == "suspend-all" && !asked.repeat) load.repeat = 1;  // each holds for seconds
  if (name == "reconnect" && !asked.repeat)                     // of a single moment each
    load.repeat = std::max(5U, static_cast<unsigned>(20 * load.time_scale));
  if (name == "soak") {
    if (!load.duration_s) load.duration_s = std::max(5.0, 30 * load.time_scale);
    if (!load.rate) load.rate = half_of_kept(so_far);
  }
}

}  // namespace

Numbers run_full(const Load& load) {
  Numbers numbers = run_parts(load, parts, load.budget_s.value_or(default_budget_s), adjust);
  for (auto& criterion : numbers.criteria) criterion.decides = false;  // in this little time: `targets` judges
  return numbers;
}

}  // namespace dlt::bench
