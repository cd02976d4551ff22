#include "socket.hpp"

#include <catch2/catch.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace dlt;
using namespace dlt::detail;

namespace {

// Somebody listens on loopback, at a port that the kernel chose.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    works_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&a), size) == 0 && ::listen(fd_, 1) == 0 &&
             ::getsockname(fd_, reinterpret_cast<sockaddr*>(&a), &size) == 0;
    port_ = ntohs(a.sin_port);
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] bool works() const { return works_; }
  [[nodiscard]] std::string address() const { return "tcp:127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  bool works_ = false;
  std::uint16_t port_ = 0;
};

int option(const Socket& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket.fd(), level, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

TEST_CASE("over a network a peer that vanishes without a word is noticed, busy or idle") {
  const Listener listener;
  REQUIRE(listener.works());
  const auto address = Address::parse(listener.address());
  REQUIRE(address);
  Socket socket;

  REQUIRE_FALSE(socket.connect(*address));

  CHECK(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT) == Socket::peer_timeout.count());
  CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1);
  const int first = option(socket, IPPROTO_TCP, TCP_KEEPIDLE), next = option(socket, IPPROTO_TCP, TCP_KEEPINTVL);
  CHECK(first > 0);
  CHECK(next > 0);
  CHECK(first + next <= Socket::peer_timeout.count() / 1000);
  CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) == 1);
}
