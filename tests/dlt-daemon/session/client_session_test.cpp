#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "dlt-daemon/support/running_daemon.hpp"
#include "dlt-daemon/support/stand_still.hpp"

using namespace dlt::daemon;
using namespace dlt::test;

namespace {

// Of the daemon's end of a connection: it lives in this process. Milliseconds, nothing if there is no such socket.
std::optional<unsigned> kernel_limit(std::uint16_t daemon_port, int client) {
  sockaddr_in mine{};
  socklen_t size = sizeof mine;
  if (::getsockname(client, reinterpret_cast<sockaddr*>(&mine), &size) != 0) return {};
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_in local{};
    sockaddr_in other{};
    socklen_t local_size = sizeof local;
    socklen_t other_size = sizeof other;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_size) != 0 || local.sin_family != AF_INET ||
        ::getpeername(fd, reinterpret_cast<sockaddr*>(&other), &other_size) != 0)
      continue;
    if (ntohs(local.sin_port) != daemon_port || other.sin_port != mine.sin_port) continue;
    unsigned limit = 0;
    socklen_t limit_size = sizeof limit;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, &limit_size) == 0) return limit;
  }
  return {};
}

}  // namespace

TEST_CASE("the kernel does not disconnect a client before the configured limit") {
  const auto seconds = GENERATE(1U, 3600U);
  TempDir dir;
  auto config = config_in(dir);
  config.client_timeout = std::chrono::seconds(seconds);
  RunningDaemon d(config);
  const Peer client = Peer::to_tcp(d.client_port());
  REQUIRE(d.clients(1));
  const auto limit = kernel_limit(d.client_port(), client.fd());
  REQUIRE(limit.has_value());
  CHECK(*limit == std::max(30U, seconds) * 1000);
}

TEST_CASE("what comes between the end of a client and the moment that the daemon has closed it is the next client's") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer one = d.app();
  Peer two = d.app();
  Peer gone = Peer::to_tcp(d.client_port());
  REQUIRE(d.clients(1));
  REQUIRE(eventually([&] { return d.status()["users"][0]["connections"] == 2; }));
  {
    const StandStill still(d);
    REQUIRE(one.send(numbered_batch(0, 800)));
    REQUIRE(two.send(numbered_batch(800, 800)));
    const linger reset{1, 0};
    REQUIRE(::setsockopt(gone.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
    gone.close();
  }
  REQUIRE(d.received(1600));
  REQUIRE(d.clients(0));
  FrameClient next = d.client();

  CHECK(out_of_order(next, 1600) == 0);
}
