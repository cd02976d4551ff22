#include "session/listen.hpp"
#include "support/skip.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

using namespace dlt;
using namespace dlt::daemon;

namespace {

// What somebody gets who connects there: 0 or the reason.
int connecting(int family, const char* address, std::uint16_t port) {
  sockaddr_storage where{};
  socklen_t size = sizeof(sockaddr_in);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(where);
    v4.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &v4.sin_addr);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(where);
    v6.sin6_port = htons(port);
    ::inet_pton(AF_INET6, address, &v6.sin6_addr);
    size = sizeof(sockaddr_in6);
  }
  where.ss_family = static_cast<sa_family_t>(family);
  const Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) == 0 ? 0 : errno;
}

bool has_ipv6() { return static_cast<bool>(listen_tcp("::1", 0)); }

}  // namespace

TEST_CASE("an IPv4 address that is written as an IPv6 one is served by IPv4") {
  const auto socket = listen_tcp("::ffff:127.0.0.1", 0);

  REQUIRE(socket);
  CHECK(connecting(AF_INET, "127.0.0.1", port_of(*socket)) == 0);
  CHECK(connecting(AF_INET, "127.0.0.2", port_of(*socket)) == ECONNREFUSED);
}

TEST_CASE("the unspecified IPv6 address alone serves IPv4 too, and beside an IPv4 address only IPv6") {
  if (!has_ipv6()) {
    test::skip("no IPv6 here");
    return;
  }
  std::vector<std::string> missing;
  const auto alone = listen_tcp({"::"}, 0, missing);
  REQUIRE(alone);
  CHECK(connecting(AF_INET6, "::1", port_of(alone->front())) == 0);
  CHECK(connecting(AF_INET, "127.0.0.1", port_of(alone->front())) == 0);

  const auto both = listen_tcp({"127.0.0.2", "::"}, 0, missing);
  REQUIRE(both);
  CHECK(connecting(AF_INET6, "::1", port_of(both->front())) == 0);
  CHECK(connecting(AF_INET, "127.0.0.2", port_of(both->front())) == 0);
  CHECK(connecting(AF_INET, "127.0.0.1", port_of(both->front())) == ECONNREFUSED);
  CHECK(missing.empty());
}
