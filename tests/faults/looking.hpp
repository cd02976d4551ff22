// What a running daemon says of itself, and what the kernel says of it. The test's main thread only.
#pragma once

#include <sys/resource.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "faults/raw_peer.hpp"
#include "support/daemon.hpp"

namespace dlt::test {

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
inline constexpr bool sanitized = true;
inline constexpr int scale = 10;  // sizes are divided by it: everything takes that much longer
#else
inline constexpr bool sanitized = false;
inline constexpr int scale = 1;
#endif

// The document of --status, straight from the control socket.
inline nlohmann::json look(const Daemon& daemon) {
  const auto peer = RawPeer::to_unix(daemon.dir() / "control.sock");
  if (!peer.send("status\n")) throw std::runtime_error("the control socket takes no question");
  std::string all;
  for (std::string some = peer.receive(); !some.empty(); some = peer.receive()) all += some;
  return nlohmann::json::parse(all);
}
inline std::uint64_t refused(const Daemon& daemon, const std::string& why) {
  return look(daemon).at("refused").at(why).get<std::uint64_t>();
}

// A line of /proc/PID/status such as VmRSS, in KiB.
inline std::uint64_t kib(pid_t pid, const std::string& what) {
  std::istringstream in(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(what + ":")) return std::stoull(line.substr(what.size() + 1));
  return 0;
}
inline std::size_t open_files(pid_t pid) {
  const auto all = std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}
// Processor time that the process has used.
inline std::chrono::milliseconds cpu_time(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream in(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) in >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  in >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)));
}

// As many descriptors as the system lets this process have; how many that is.
inline std::size_t many_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace dlt::test
