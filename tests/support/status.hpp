// What `dlt-daemon --status` says, as far as tests ask. The test's main thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/daemon.hpp"

namespace dlt::test {

struct Status {
  struct Application {
    std::string id;
    std::uint64_t received = 0;  // messages
    std::vector<std::string> contexts;
    bool connected = false;
    std::map<std::string, std::uint64_t> lost{};  // by cause
    std::uint64_t accepted = 0;                   // by its last statistics, all buffers
    std::uint64_t dropped = 0;

    [[nodiscard]] std::uint64_t lost_in_all() const;
  };
  struct Client {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
  };
  struct Storage {
    std::string state;  // off, writing, suspended
    std::string problem;
    std::uint64_t written = 0;  // messages, as is dropped
    std::uint64_t dropped = 0;
    std::uint64_t queued_bytes = 0;
  };
  std::int32_t pid = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t peak_rss_bytes = 0;
  Storage storage;
  std::vector<Application> applications;
  std::vector<Client> clients;
  std::uint64_t salvaged = 0;        // messages
  std::uint64_t refused_memory = 0;  // memory files
  std::uint64_t rss = 0;             // bytes

  // All zero for one that never came.
  [[nodiscard]] Application application(const std::string& id) const;
  [[nodiscard]] std::uint64_t received(const std::string& application) const;
  [[nodiscard]] std::vector<std::string> contexts(const std::string& application) const;  // sorted
};

// Throws std::runtime_error when the daemon does not answer.
Status status(const Daemon& daemon);

}  // namespace dlt::test
