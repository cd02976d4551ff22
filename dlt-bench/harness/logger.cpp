#include "harness/logger.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dlt::bench {
namespace {
constexpr std::array<std::string_view, 6> wrong_ones{"drops", "reorders", "repeats", "tears", "leaks", "uneven"};
constexpr std::array<std::string_view, 3> peers{"covesa", "spdlog", "syslog"};
constexpr std::string_view only_suspended = "mutex";

// Cases that have an application of their own, by how their names begin, and what it can do wrong. An option that
// changes nothing would make a check that cannot fail. The others use the logger of the plan, and so all of
// `wrong_ones`.
struct Own {
  std::string_view cases;
  std::string_view loggers;
};
constexpr std::array own{Own{"suspend-every", ""},
                         Own{"suspend-all", ""},
                         Own{"suspend-", "mutex"},
                         Own{"sim-", "drops repeats tears"},
                         Own{"stress-cpu", "drops repeats tears"},
                         Own{"stress-fragmentation", "drops leaks"},
                         Own{"max-connections", "drops"},
                         Own{"max-snapshot", "drops repeats tears"},
                         Own{"snapshot-", "drops repeats tears"},
                         Own{"max-memory", ""},
                         Own{"max-buffer-ops", ""},
                         Own{"serialize", ""},
                         Own{"micro", ""},
                         Own{"roofline", ""},
                         Own{"instructions", ""},
                         Own{"compare", ""}};

bool has_word(std::string_view words, std::string_view word) noexcept {
  return (" " + std::string(words) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}
}  // namespace

bool logger_exists(const std::string& name) noexcept {
  return name == "dlt" || name == only_suspended || is_peer_logger(name) ||
         std::find(wrong_ones.begin(), wrong_ones.end(), name) != wrong_ones.end();
}

bool logger_fits(const std::string& name, std::string_view case_name) {
  if (name == "dlt") return true;
  const auto* const found =
      std::find_if(own.begin(), own.end(), [&](const Own& o) { return case_name.starts_with(o.cases); });
  return found == own.end() ? name != only_suspended : has_word(found->loggers, name);
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
