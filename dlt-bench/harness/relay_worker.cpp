// A client's path to the daemon that is wrong on purpose: it hands on what the daemon sends, but for each 10,000th
// message. To whoever counts at its end, that is a daemon which loses messages and does not tell.
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "harness/error.hpp"
#include "harness/loopback.hpp"
#include "harness/message.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t one_in = 10'000;

// Listens where the kernel likes, says where, and waits for the one client.
int accept_client(Channel& channel) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a = loopback(0);
  socklen_t size = sizeof a;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&a), size) != 0 || ::listen(listener, 1) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&a), &size) != 0)
    throw BenchError("the relay cannot listen");
  channel.send(std::to_string(ntohs(a.sin_port)));
  const int client = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  return client;
}

void send_all(int fd, const std::byte* bytes, std::size_t size) {
  while (size != 0) {
    const ssize_t n = ::send(fd, bytes, size, MSG_NOSIGNAL);
    if (n <= 0) return;  // the client has gone: so may we
    bytes += n, size -= static_cast<std::size_t>(n);
  }
}

// Hands the whole frames on and returns their bytes.
std::size_t hand_on(int client, proto::Bytes bytes, std::uint64_t& messages) {
  std::size_t at = 0;
  while (bytes.size() - at >= proto::standard_header_size) {
    const std::size_t size = proto::load_be<std::uint16_t>(bytes.data() + at + 2);
    if (size < proto::standard_header_size || bytes.size() - at < size) break;
    const bool lost = read_standard(bytes.subspan(at, size)) && ++messages % one_in == 0;
    if (!lost) send_all(client, bytes.data() + at, size);
    at += size;
  }
  return at;
}

}  // namespace

void relay_worker(Channel& channel) {
  const auto port = static_cast<std::uint16_t>(std::stoul(channel.expect(10)));
  const int client = accept_client(channel);
  const int daemon = connect_to_daemon(port);
  std::vector<std::byte> held(1 << 20);
  std::size_t size = 0;
  std::uint64_t messages = 0;
  for (ssize_t n = 0; (n = ::recv(daemon, held.data() + size, held.size() - size, 0)) > 0;) {
    size += static_cast<std::size_t>(n);
    const std::size_t used = hand_on(client, {held.data(), size}, messages);
    size -= used;
    std::memmove(held.data(), held.data() + used, size);
  }
}

}  // namespace dlt::bench
