// Where a private daemon puts its snapshots; goes away with this object, which must outlive the daemon. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/scratch.hpp"

namespace dlt::bench {

class SnapshotDirectory {
 public:
  // Lines of the daemon's configuration.
  [[nodiscard]] std::string settings() const {
    return "SnapshotDirectory = " + path().string() + "\nSnapshotMaxFiles = 100000\nSnapshotMaxSize = 16G\n";
  }
  // Those that are there and complete.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> found;
    std::error_code none_yet;
    for (const auto& entry : std::filesystem::directory_iterator(path(), none_yet))
      if (entry.path().filename().string().ends_with(".dlt.zst")) found.push_back(entry.path().string());
    return found;
  }
  // Until so many are there; looks every 0.2 ms, and calls `watch` each time. Throws when that takes too long.
  [[nodiscard]] std::vector<std::string> wait_for(std::size_t count, const std::function<void()>& watch) const {
    constexpr double limit_s = 60;
    for (const double deadline = now_s() + limit_s;;) {
      if (watch) watch();
      if (auto found = files(); found.size() >= count) return found;
      if (now_s() > deadline)
        throw BenchError("the daemon made " + std::to_string(files().size()) + " of " + std::to_string(count) +
                         " snapshots within a minute");
      const timespec pause{0, 200'000};
      ::nanosleep(&pause, nullptr);
    }
  }
  void clear() const {
    for (const std::string& file : files()) std::filesystem::remove(file);
  }

 private:
  [[nodiscard]] std::filesystem::path path() const { return scratch_.path() / "snapshots"; }
  Scratch scratch_;
};

}  // namespace dlt::bench
