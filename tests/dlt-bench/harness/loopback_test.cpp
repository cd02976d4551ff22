#include "harness/loopback.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "harness/error.hpp"

using namespace dlt::bench;

TEST_CASE("a connection that is not made says which port and why") {
  // Bound and not listening: nobody else gets this port meanwhile, and nobody answers there.
  const int bound = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a = loopback(0);
  socklen_t size = sizeof a;
  REQUIRE(::bind(bound, reinterpret_cast<const sockaddr*>(&a), size) == 0);
  REQUIRE(::getsockname(bound, reinterpret_cast<sockaddr*>(&a), &size) == 0);
  const std::uint16_t port = ntohs(a.sin_port);

  const int refused = connect_loopback(port);
  const int why = errno;
  CHECK(refused == -1);
  CHECK(why == ECONNREFUSED);
  CHECK_THROWS_WITH(connect_to_daemon(port),
                    "no daemon answers on port " + std::to_string(port) + ": Connection refused");

  REQUIRE(::listen(bound, 1) == 0);
  const int connected = connect_to_daemon(port);
  CHECK(connected >= 0);
  for (const int fd : {bound, connected}) ::close(fd);
}
