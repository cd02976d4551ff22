// The incumbent's programs, started so that they read a configuration of the test's own. The test's main thread only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/loopback.hpp"

namespace dlt::test {

inline const std::string incumbent_daemon = "/usr/bin/dlt-daemon";

// Its tools read the path of the control socket from /etc/dlt.conf and from nowhere else: they get a view of the files
// of their own, where that may be.
inline bool may_mount() { return run({"unshare", "-m", "true"}).code == 0 && std::filesystem::exists("/etc/dlt.conf"); }
inline Outcome run_with_dlt_conf(const std::string& dlt_conf, const std::vector<std::string>& tool_and_options) {
  std::vector<std::string> command{"unshare", "-m", "sh", "-c", R"(mount --bind "$0" /etc/dlt.conf && exec "$@")",
                                   dlt_conf};
  command.insert(command.end(), tool_and_options.begin(), tool_and_options.end());
  return run(command);
}

}  // namespace dlt::test
