// The other end of the control socket, for `dlt-daemon --status`.
#pragma once

#include <string>

#include "dlt/proto/error.hpp"

namespace dlt::daemon {

// Asks the daemon behind this socket; waits at most a few seconds for the whole answer. Any thread.
[[nodiscard]] Result<std::string> ask_status(const std::string& socket_path);

}  // namespace dlt::daemon
