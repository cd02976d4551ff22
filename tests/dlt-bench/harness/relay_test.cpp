#include "harness/relay.hpp"

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "harness/loopback.hpp"

using namespace dlt::bench;

namespace {

struct Listener {
  Listener() {
    sockaddr_in a = loopback(0);
    socklen_t size = sizeof a;
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&a), size) == 0);
    REQUIRE(::listen(fd, 4) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) == 0);
    port = ntohs(a.sin_port);
  }
  ~Listener() { ::close(fd); }
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
};

int connect_to(const Relay& relay) {
  const int fd = connect_loopback(static_cast<std::uint16_t>(std::stoi(relay.address().substr(14))));
  REQUIRE(fd >= 0);
  const timeval limit{60, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

}  // namespace

TEST_CASE("a relay passes bytes both ways, and ends each connection while it is shut") {
  const Listener daemon;
  Relay relay(daemon.port);
  const int application = connect_to(relay);
  const int accepted = ::accept(daemon.fd, nullptr, nullptr);
  char c = 0;

  CHECK(::send(application, "a", 1, MSG_NOSIGNAL) == 1);
  CHECK(::recv(accepted, &c, 1, 0) == 1);
  CHECK(c == 'a');
  CHECK(::send(accepted, "b", 1, MSG_NOSIGNAL) == 1);
  CHECK(::recv(application, &c, 1, 0) == 1);
  CHECK(c == 'b');

  relay.shut();
  CHECK(::recv(application, &c, 1, 0) <= 0);
  CHECK(::recv(accepted, &c, 1, 0) <= 0);
  const int refused = connect_to(relay);
  CHECK(::recv(refused, &c, 1, 0) <= 0);
  CHECK(relay.turned_away() == 1);

  relay.open();
  const int again = connect_to(relay);
  const int accepted_again = ::accept(daemon.fd, nullptr, nullptr);
  CHECK(::send(again, "c", 1, MSG_NOSIGNAL) == 1);
  CHECK(::recv(accepted_again, &c, 1, 0) == 1);
  for (const int fd : {application, accepted, refused, again, accepted_again}) ::close(fd);
}
