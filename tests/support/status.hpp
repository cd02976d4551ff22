// What `dlt-daemon --status` says, as far as tests ask. The test's main thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/daemon.hpp"

namespace dlt::test {

struct Status {
  struct Application {
    std::string id;
    std::uint64_t received = 0;  // messages
    std::vector<std::string> contexts;
  };
  struct Client {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
  };
  std::vector<Application> applications;
  std::vector<Client> clients;

  [[nodiscard]] std::uint64_t received(const std::string& application) const;
  [[nodiscard]] std::vector<std::string> contexts(const std::string& application) const;  // sorted
};

// Throws std::runtime_error when the daemon does not answer.
Status status(const Daemon& daemon);

}  // namespace dlt::test
