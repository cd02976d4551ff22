#include "end_to_end/tap.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "dlt/proto/control.hpp"
#include "support/deadline.hpp"
#include "support/loopback.hpp"

namespace dlt::test {

namespace {

namespace control = proto::control;

int tcp_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error("no socket");
  return fd;
}

// One that no program of others sends.
std::string own_request() {
  const auto frame = control::frame(control::GetLocalTime{}, {.ecu = "TAP"});
  return std::string(proto::as_text(*frame));
}

// Where the answer to it begins in what a daemon has sent; npos: it is not there yet.
std::size_t own_answer(const std::string& sent) {
  for (std::size_t at = 0; at + 4 <= sent.size();) {
    const std::size_t size = proto::load_be<std::uint16_t>(sent.data() + at + 2);
    if (size < 4 || at + size > sent.size()) break;
    const std::size_t headers = proto::headers_size(static_cast<std::uint8_t>(sent[at]));
    const bool response =
        size >= headers + 4 &&
        static_cast<std::uint8_t>(sent[at + headers - proto::extended_header_size]) == proto::msin::control_response;
    if (response && proto::load_le<std::uint32_t>(sent.data() + at + headers) ==
                        static_cast<std::uint32_t>(control::Service::get_local_time))
      return at;
    at += size;
  }
  return std::string::npos;
}

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 10) == 1;
}

// What can be read now; empty: the other end has hung up.
std::string received(int fd) {
  std::array<char, 65536> buffer{};
  const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
  return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

Tap::Tap(std::uint16_t daemon_port) : daemon_port_(daemon_port), listener_(tcp_socket()), daemon_(tcp_socket()) {
  sockaddr_in where = loopback(0);
  socklen_t size = sizeof where;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&where), size) != 0 || ::listen(listener_, 1) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    throw std::runtime_error("the tap cannot listen");
  port_ = ntohs(where.sin_port);
}

Tap::~Tap() {
  ::close(listener_);
  ::close(daemon_);
}

// False: the client has hung up.
bool Tap::pass_on(int client) {
  if (readable(daemon_)) {
    const std::string bytes = received(daemon_);
    if (bytes.empty()) throw std::runtime_error("the daemon has hung up");
    answered_ += bytes;
    send_all(client, bytes);
  }
  if (!readable(client)) return true;
  const std::string bytes = received(client);
  send_all(daemon_, bytes);
  return !bytes.empty();
}

void Tap::receive_answers() {
  send_all(daemon_, own_request());
  const bool all = eventually([&] {
    if (readable(daemon_)) answered_ += received(daemon_);
    return own_answer(answered_) != std::string::npos;
  });
  if (!all) throw std::runtime_error("the daemon does not answer");
}

std::string Tap::relay() {
  const sockaddr_in where = loopback(daemon_port_);
  if (::connect(daemon_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    throw std::runtime_error("the tap cannot connect");
  if (!eventually([&] { return readable(listener_); })) throw std::runtime_error("no client came to the tap");
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const bool gone = eventually([&] { return !pass_on(client); });
  ::close(client);
  if (!gone) throw std::runtime_error("the tap's client does not hang up");
  receive_answers();
  return answered_.substr(0, own_answer(answered_));
}

}  // namespace dlt::test
