#include "route/refusals.hpp"

#include <spdlog/spdlog.h>

namespace dlt::daemon {

std::string_view name(Refusal why) noexcept {
  switch (why) {
    case Refusal::connections: return "connections";
    case Refusal::connections_per_user: return "connections_per_user";
    case Refusal::handshakes: return "handshakes";
    case Refusal::clients: return "clients";
    case Refusal::status: return "status";
    case Refusal::applications: return "applications";
    case Refusal::applications_per_user: return "applications_per_user";
    case Refusal::contexts: return "contexts";
    case Refusal::contexts_per_user: return "contexts_per_user";
    case Refusal::foreign_id: return "foreign_id";
    case Refusal::foreign_messages: return "foreign_messages";
    case Refusal::memory: return "memory";
    case Refusal::rubbish: return "rubbish";
    case Refusal::starved: return "starved";
    case Refusal::unread: return "unread";
  }
  return "unknown";
}

void Refusals::tell(Refusal why, std::string_view what) const {
  spdlog::warn("refused: {} ({}: {} so far)", what, name(why), count(why));
}

}  // namespace dlt::daemon
