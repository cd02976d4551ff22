// Listening sockets that systemd opened for the daemon (socket units, systemd-socket-activate), known by their names:
//
//   FileDescriptorName=app       applications, Unix or TCP
//   FileDescriptorName=client    clients, TCP
//   FileDescriptorName=control   --status, Unix
//
// What comes so takes the place of the daemon's own socket of that kind, and is not deleted at the end: it stays open
// in systemd, where whoever connects meanwhile waits for the next daemon. Before the io thread runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/fd.hpp"

namespace dlt::daemon {

struct Inherited {
  std::vector<Fd> app, app_tcp, client, control;
  std::string app_path, control_path;  // of the first of those; empty: none came

  // Adds a descriptor of this name, or says what is wrong with it: then it is not added, and closed. A name that means
  // nothing here is a warning in the log, no error.
  [[nodiscard]] std::optional<std::string> add(const std::string& name, Fd fd);
};

// Takes what systemd passed to this process, once, and logs what it is; nothing without systemd. The error has been
// logged when there is no result.
[[nodiscard]] std::optional<Inherited> take_inherited();

}  // namespace dlt::daemon
