// The paths at which a daemon serves. Any thread.
#pragma once

#include <string>
#include <system_error>
#include <vector>

#include "config.hpp"
#include "session/inherited.hpp"

namespace dlt::daemon {

// The paths that an empty key stands for.
[[nodiscard]] std::string default_app_socket();
[[nodiscard]] std::string status_socket_beside(const std::string& app_socket);

// The configuration with the paths of the sockets that are open already, and of those that it leaves open.
[[nodiscard]] Config with_paths(Config config, const Inherited& inherited);

// Whatever another daemon might want as well: sockets, and the FIFO.
[[nodiscard]] std::vector<std::string> served_paths(const Config& config);

// Why such a path cannot be had.
[[nodiscard]] std::string reason(std::error_code error);

}  // namespace dlt::daemon
