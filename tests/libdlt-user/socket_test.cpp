#include "socket.hpp"

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "libdlt-user/support/listener.hpp"
#include "resolver.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;

namespace {

int option(const Socket& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket.fd(), level, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

TEST_CASE("over a network a peer that vanishes without a word is noticed, busy or idle") {
  const Listener listener;
  REQUIRE(listener.is_open());
  Resolver resolver([] {});
  const auto found = resolver.look_up("127.0.0.1", std::to_string(listener.port()));
  REQUIRE(found);
  Socket socket;

  REQUIRE_FALSE(socket.connect(found->front()));

  CHECK(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT) == Socket::peer_timeout.count());
  CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1);
  const int first = option(socket, IPPROTO_TCP, TCP_KEEPIDLE), next = option(socket, IPPROTO_TCP, TCP_KEEPINTVL);
  CHECK(first > 0);
  CHECK(next > 0);
  CHECK(first + next <= Socket::peer_timeout.count() / 1000);
  CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) == 1);
}
