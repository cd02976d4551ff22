// The whole suite within a budget of time.
//
// Each part has a length that it takes on two CPUs that are not busy. Before each, what is left of the budget is shared
// out among the parts that are left; one that gets less than its length runs shorter, with fewer repeats, and what is
// noisy is repeated only while its share lasts. When nothing is left, the rest is left out, and the result says so.
// Whether it is good says that the books closed; figures that are missed are shown.
#include <algorithm>
#include <array>

#include "cases.hpp"
#include "harness/clock.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

struct Part {
  const char* name;  // of a case
  double seconds;
};
constexpr std::array parts{Part{"roofline", 8},      Part{"throughput", 75},      Part{"latency", 60},
                           Part{"overflow-all", 30}, Part{"concurrency-all", 35}, Part{"buffer-all", 85},
                           Part{"suspend-all", 50},  Part{"compare", 90},         Part{"footprint", 16},
                           Part{"instructions", 8},  Part{"reconnect", 22},       Part{"keep-up", 60},
                           Part{"soak", 35}};
constexpr double planned = 0.93;  // of the budget: the last part may take longer than its share

// Half the rate that keep-up has found; nothing when it did not run.
std::optional<double> half_of_kept(const Numbers& numbers) {
  for (const auto& row : numbers.rows)
    for (const auto& s : row.samples)
      if (const auto at = s.extra.find("rate_held"); at != s.extra.end()) return at->second / 2;
  return {};
}

Load load_for(const Load& asked, const Part& part, double share_s, const Numbers& so_far) {
  Load load = asked;
  load.time_scale = std::min(1.0, share_s / part.seconds);
  if (!load.repeat) load.repeat = load.time_scale > 0.6 ? 3U : load.time_scale > 0.3 ? 2U : 1U;
  load.brief = load.time_scale < 0.5;
  load.again_until_s = now_s() + share_s * 0.7;
  if (std::string_view(part.name) == "suspend-all" && !asked.repeat) load.repeat = 1;  // each holds for seconds
  if (std::string_view(part.name) == "reconnect" && !asked.repeat)                     // of a single moment each
    load.repeat = std::max(5U, static_cast<unsigned>(20 * load.time_scale));
  if (std::string_view(part.name) == "soak") {
    if (!load.duration_s) load.duration_s = std::max(5.0, 30 * load.time_scale);
    if (!load.rate) load.rate = half_of_kept(so_far);
  }
  return load;
}

}  // namespace

Numbers run_full(const Load& load) {
  Numbers numbers;
  const double end = now_s() + planned * load.budget_s;
  double weight = 0;
  for (const Part& p : parts) weight += find_case(p.name) != nullptr ? p.seconds : 0;
  std::string left_out;
  for (const Part& p : parts) {
    const Case* c = find_case(p.name);
    if (c == nullptr) continue;
    const double left = end - now_s(), share = left * p.seconds / weight;
    weight -= p.seconds;
    if (left <= 0) left_out += std::string(left_out.empty() ? "" : ", ") + p.name;
    else numbers.add(c->run(load_for(load, p, share, numbers)));
  }
  for (auto& criterion : numbers.criteria) criterion.decides = false;  // in this little time: `targets` judges
  if (!left_out.empty()) numbers.facts.emplace_back("left out, the budget was used up", left_out);
  return numbers;
}

}  // namespace dlt::bench
