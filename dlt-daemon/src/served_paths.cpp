#include "served_paths.hpp"

#include <cstdlib>

#include <unistd.h>

#include "paths.hpp"

namespace dlt::daemon {

std::string reason(std::error_code error) {
  return error == std::errc::file_exists ? "the name is taken by something else" : error.message();
}

std::vector<std::string> served_paths(const Config& c) {
  std::vector<std::string> paths{c.app_socket, c.status_socket};
  if (!c.control_socket.empty()) paths.push_back(c.control_socket);
  if (c.legacy_fifo) paths.push_back(c.legacy_directory + "/dlt");
  if (!c.legacy_socket.empty()) paths.push_back(c.legacy_socket);
  return paths;
}

Config with_paths(Config config, const Inherited& inherited) {
  if (!inherited.app_path.empty()) config.app_socket = inherited.app_path;
  if (!inherited.control_path.empty()) config.status_socket = inherited.control_path;
  if (config.app_socket.empty()) config.app_socket = default_app_socket();
  if (config.status_socket.empty()) config.status_socket = status_socket_beside(config.app_socket);
  return config;
}

std::string default_app_socket() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (::geteuid() == 0 || runtime == nullptr || *runtime == '\0') return "/run/dlt/app.sock";
  return std::string(runtime) + "/dlt/app.sock";
}

std::string status_socket_beside(const std::string& app_socket) { return directory_of(app_socket) + "/control.sock"; }

}  // namespace dlt::daemon
