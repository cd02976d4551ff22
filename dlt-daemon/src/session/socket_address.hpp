// Addresses of sockets as people write them. Pure but for the system call that asks for one; any thread.
#pragma once

#include <string>

#include <sys/socket.h>

namespace dlt::daemon {

// "127.0.0.1:3490", "[::1]:3490"; the path of a Unix socket, "local" where it has none.
[[nodiscard]] std::string address_text(const sockaddr_storage& address, socklen_t size);

// The same of the address that a socket is bound to.
[[nodiscard]] std::string own_address_text(int socket);

}  // namespace dlt::daemon
