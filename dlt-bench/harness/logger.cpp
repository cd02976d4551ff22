#include "harness/logger.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dlt::bench {
namespace {
constexpr std::array<std::string_view, 6> wrong_ones{"drops", "reorders", "repeats", "tears", "leaks", "uneven"};
constexpr std::array<std::string_view, 3> peers{"covesa", "spdlog", "syslog"};
constexpr std::string_view only_suspended = "mutex";
}  // namespace

bool logger_exists(const std::string& name) noexcept {
  return name == "dlt" || name == only_suspended || is_peer_logger(name) ||
         std::find(wrong_ones.begin(), wrong_ones.end(), name) != wrong_ones.end();
}

bool logger_fits(const std::string& name, std::string_view case_name) noexcept {
  const bool suspends =
      case_name.substr(0, 8) == "suspend-" && case_name != "suspend-every" && case_name != "suspend-all";
  return name == "dlt" || (name == only_suspended) == suspends;
}

bool is_peer_logger(const std::string& name) noexcept {
  return std::find(peers.begin(), peers.end(), name) != peers.end();
}

std::unique_ptr<Logger> make_logger(const ProducePlan& plan) {
  if (plan.logger == "dlt") return make_dlt_logger(plan);
  if (plan.logger == "covesa") return make_covesa_logger(plan);
  if (plan.logger == "spdlog") return make_spdlog_logger(plan);
  if (plan.logger == "syslog") return make_syslog_logger(plan);
  return make_wrong_logger(plan);
}

}  // namespace dlt::bench
