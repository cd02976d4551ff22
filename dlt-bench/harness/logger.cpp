#include "harness/logger.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dlt::bench {
namespace {
constexpr std::array<std::string_view, 6> wrong_ones{"drops", "reorders", "repeats", "tears", "leaks", "uneven"};
constexpr std::array<std::string_view, 3> peers{"covesa", "spdlog", "syslog"};
}  // namespace

bool logger_exists(const std::string& name) noexcept {
  return name == "dlt" || is_peer_logger(name) ||
         std::find(wrong_ones.begin(), wrong_ones.end(), name) != wrong_ones.end();
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
