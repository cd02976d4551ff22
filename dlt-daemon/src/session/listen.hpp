// Opens the sockets that the daemon listens on. Blocking calls that do not wait; before the io thread runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dlt/proto/error.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

// A listening TCP socket; `port` 0 lets the kernel choose, port_of() tells. Numeric addresses only. `ipv4_too`: "::"
// takes connections by IPv4 as well.
[[nodiscard]] Result<Fd> listen_tcp(const std::string& address, std::uint16_t port, bool ipv4_too = false);
[[nodiscard]] std::uint16_t port_of(const Fd& socket) noexcept;

// Listens on every address, all with the same port; by IPv4 too on "::" where no IPv4 address is named. Addresses that
// this machine does not have are left out and added to `missing`; if none is left, the error of the last one is
// returned.
[[nodiscard]] Result<std::vector<Fd>> listen_tcp(const std::vector<std::string>& addresses, std::uint16_t port,
                                                 std::vector<std::string>& missing);

// A listening Unix socket with these permissions that replaces a stale socket of that name: it is bound under another
// name and renamed. Only the holder of the lock file may do that. Errc::too_large: the path does not fit an address.
// file_exists: one of the names is taken by something that is no socket. `group`: empty leaves the group as it is;
// Errc::invalid_argument: there is no such group.
[[nodiscard]] Result<Fd> listen_unix(const std::string& path, unsigned mode, const std::string& group);

}  // namespace dlt::daemon
