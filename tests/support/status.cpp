#include "support/status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace dlt::test {

std::uint64_t Status::received(const std::string& application) const {
  for (const auto& a : applications)
    if (a.id == application) return a.received;
  return 0;
}

std::vector<std::string> Status::contexts(const std::string& application) const {
  for (const auto& a : applications)
    if (a.id == application) return a.contexts;
  return {};
}

Status status(const Daemon& daemon) {
  const Outcome outcome =
      run({daemon.program(), "--status", "--format", "json", "--config", daemon.dir() / "dlt-daemon.conf"});
  const auto json = nlohmann::json::parse(outcome.out, nullptr, false);
  if (outcome.code != 0 || json.is_discarded()) throw std::runtime_error("--status says:\n" + outcome.out);

  Status status;
  for (const auto& a : json.at("applications")) {
    Status::Application application{a.at("id"), a.at("received").at("messages"), {}};
    for (const auto& c : a.at("contexts"))
      if (c.at("registered")) application.contexts.push_back(c.at("id"));
    std::sort(application.contexts.begin(), application.contexts.end());
    status.applications.push_back(std::move(application));
  }
  for (const auto& c : json.at("clients"))
    status.clients.push_back({c.at("sent").at("messages"), c.at("dropped").at("messages")});
  return status;
}

}  // namespace dlt::test
