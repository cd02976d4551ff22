#include "harness/parts.hpp"

#include <algorithm>

#include "cases.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"

namespace dlt::bench {
namespace {

constexpr double planned = 0.93;  // of the budget: the last part may take longer than its share

Load load_for(const Load& asked, const Part& part, double share_s) {
  Load load = asked;
  load.time_scale = std::min(1.0, share_s / part.seconds);
  if (!load.repeat) load.repeat = load.time_scale > 0.6 ? 3U : load.time_scale > 0.3 ? 2U : 1U;
  load.brief = asked.brief || load.time_scale < 0.5;
  load.again_until_s = now_s() + share_s * 0.7;
  return load;
}

}  // namespace

Numbers run_parts(const Load& asked, std::span<const Part> parts, double budget_s, const AdjustLoad& adjust) {
  Numbers numbers;
  const double end = now_s() + planned * budget_s;
  double weight = 0;
  for (const Part& p : parts) {
    if (find_case(p.name) == nullptr) throw BenchError(std::string("no case '") + p.name + "'");
    weight += p.seconds;
  }
  std::string left_out;
  for (const Part& p : parts) {
    const double left = end - now_s(), share = left * p.seconds / weight;
    weight -= p.seconds;
    if (left <= 0) {
      left_out += std::string(left_out.empty() ? "" : ", ") + p.name;
      continue;
    }
    Load load = load_for(asked, p, share);
    if (adjust) adjust(load, p, asked, numbers);
    numbers.add(find_case(p.name)->run(load));
  }
  if (!left_out.empty()) numbers.facts.emplace_back("left out, the budget was used up", left_out);
  return numbers;
}

}  // namespace dlt::bench
