#include "support/status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace dlt::test {

std::uint64_t Status::Application::lost_in_all() const {
  std::uint64_t sum = 0;
  for (const auto& [cause, count] : lost) sum += count;
  return sum;
}

Status::Application Status::application(const std::string& id) const {
  for (const auto& a : applications)
    if (a.id == id) return a;
  return {id, 0, {}};
}

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
  status.pid = json.at("pid");
  status.rss_bytes = json.at("rss_bytes");
  status.peak_rss_bytes = json.at("peak_rss_bytes");
  const auto& storage = json.at("storage");
  status.storage = {storage.at("state"), storage.at("problem"), storage.at("written").at("messages"),
                    storage.at("dropped").at("messages"), storage.at("queued_bytes")};
  for (const auto& a : json.at("applications")) {
    Status::Application application{a.at("id"), a.at("received").at("messages"), {}};
    for (const auto& c : a.at("contexts"))
      if (c.at("registered")) application.contexts.push_back(c.at("id"));
    std::sort(application.contexts.begin(), application.contexts.end());
    application.connected = a.at("connected");
    for (const auto& [cause, count] : a.at("lost").items()) application.lost[cause] = count;
    for (const auto& s : a.at("statistics")) {
      application.accepted += s.at("accepted").get<std::uint64_t>();
      for (const auto& [cause, count] : s.at("dropped").items()) application.dropped += count.get<std::uint64_t>();
    }
    status.applications.push_back(std::move(application));
  }
  for (const auto& c : json.at("clients"))
    status.clients.push_back({c.at("sent").at("messages"), c.at("dropped").at("messages")});
  status.salvaged = json.at("totals").at("salvaged_messages");
  status.refused_memory = json.at("refused").at("memory");
  status.rss = json.at("rss_bytes");
  return status;
}

}  // namespace dlt::test
