// Has the kernel end a TCP connection whose peer has vanished without a word. Any thread.
#pragma once

#include <algorithm>
#include <chrono>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace dlt::daemon {

// Such a peer answers neither data nor probes, which begin at half the time.
inline void watch_peer(int socket, std::chrono::seconds timeout) noexcept {
  const auto set = [&](int level, int name, int value) { ::setsockopt(socket, level, name, &value, sizeof value); };
  const int limit = static_cast<int>(timeout.count());
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, limit / 2));
  set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, limit / 4));
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, limit * 1000);
}

}  // namespace dlt::daemon
