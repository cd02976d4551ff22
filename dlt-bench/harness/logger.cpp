#include "harness/logger.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dlt::bench {
namespace {
constexpr std::array<std::string_view, 4> wrong_ones{"drops", "reorders", "repeats", "tears"};
}

bool logger_exists(const std::string& name) noexcept {
  return name == "dlt" || name == "covesa" || std::find(wrong_ones.begin(), wrong_ones.end(), name) != wrong_ones.end();
}

std::unique_ptr<Logger> make_logger(const ProducePlan& plan) {
  if (plan.logger == "dlt") return make_dlt_logger(plan);
  if (plan.logger == "covesa") return make_covesa_logger(plan);
  return make_wrong_logger(plan);
}

}  // namespace dlt::bench
