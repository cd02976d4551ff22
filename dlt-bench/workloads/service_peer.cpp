#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/error.hpp"
#include "workloads/service.hpp"

namespace dlt::bench {
namespace {

constexpr timeval patience{30, 0};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

[[noreturn]] void fail(const std::string& what) { throw BenchError(what + ": " + std::strerror(errno)); }

}  // namespace

ServicePeer::ServicePeer(int fd) : fd_(fd) {
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}
ServicePeer::ServicePeer(ServicePeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
ServicePeer& ServicePeer::operator=(ServicePeer&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
ServicePeer::~ServicePeer() {
  if (fd_ >= 0) ::close(fd_);
}

ServicePeer ServicePeer::connect(const std::string& path) {
  ServicePeer peer(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  if (::connect(peer.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("the next service is not there");
  return peer;
}

void ServicePeer::send_bytes(const void* data, std::size_t size) {
  if (::send(fd_, data, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) fail("a service does not take a packet");
}

bool ServicePeer::receive_bytes(void* data, std::size_t size) {
  const ssize_t n = ::recv(fd_, data, size, 0);
  if (n == 0) return false;
  if (n != static_cast<ssize_t>(size)) fail("a service sends nothing, or half a packet");
  return true;
}

void ServiceDoor::open(const std::string& path) {
  fd_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(path);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd_, 64) != 0)
    fail("cannot listen at " + path);
}
ServiceDoor::~ServiceDoor() {
  if (fd_ >= 0) ::close(fd_);
}

ServicePeer ServiceDoor::accept() {
  pollfd p{fd_, POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(patience.tv_sec) * 1000) != 1) throw BenchError("no service has connected");
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) fail("a service is not let in");
  return ServicePeer(fd);
}

std::string service_path(const std::string& directory, unsigned service) {
  return directory + "/service" + std::to_string(service);
}

}  // namespace dlt::bench
