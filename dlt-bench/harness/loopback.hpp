// TCP on this machine: addresses and connections. Any thread; whoever gets a descriptor closes it.
#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace dlt::bench {

[[nodiscard]] sockaddr_in loopback(std::uint16_t port) noexcept;
// A connected socket, or -1 and errno says why not.
[[nodiscard]] int connect_loopback(std::uint16_t port) noexcept;
// A client's connection to the daemon; throws BenchError with the port and the reason.
[[nodiscard]] int connect_to_daemon(std::uint16_t port);

}  // namespace dlt::bench
