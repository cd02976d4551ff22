// The command line.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dlt::daemon {

struct Options {
  enum class Action { serve, check_config, show_status, recover, done, usage_error };

  Action action = Action::serve;
  std::string message;       // what to print for `done` (stdout) and `usage_error` (stderr)
  std::string config_file;   // empty: the default file if it is there
  std::string port_file;     // where the client port is written to; empty: nowhere
  std::string recover_file;  // --recover
  bool background = false;
  std::string user;  // whom root's daemon becomes; empty: it stays root
  bool foreground = false;
  bool json = false;                                           // --status
  std::vector<std::pair<std::string, std::string>> overrides;  // configuration keys and values, in this order
};

inline constexpr char default_config_file[] = "/etc/dlt-daemon.conf";

[[nodiscard]] Options parse_options(int argc, const char* const* argv);

}  // namespace dlt::daemon
