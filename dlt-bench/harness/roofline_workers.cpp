#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/loopback.hpp"
#include "harness/message.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::size_t range_size = 64 * 1024;
constexpr std::size_t ranges = 16;  // per writev
constexpr std::size_t read_size = 256 * 1024;
constexpr int send_buffer = 1 << 20;

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

Address address_of(const RooflinePlan& plan) {
  Address a;
  if (plan.path.empty()) {
    const sockaddr_in in = loopback(plan.port);
    std::memcpy(&a.bytes, &in, a.size = sizeof in);
  } else {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    plan.path.copy(un.sun_path, sizeof un.sun_path - 1);
    std::memcpy(&a.bytes, &un, a.size = sizeof un);
  }
  return a;
}

int open_socket(const RooflinePlan& plan) {
  const int fd = ::socket(plan.path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw BenchError(std::string("no socket: ") + std::strerror(errno));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  return fd;
}

// Steps over every frame as a daemon must: length, version, and one number of the payload.
std::size_t walk(const std::byte* bytes, std::size_t size, RooflineResult& result) {
  std::size_t at = 0;
  while (size - at >= text_offset) {
    const std::byte* frame = bytes + at;
    const std::size_t length = proto::load_be<std::uint16_t>(frame + 2);
    if (size - at < length) break;
    if (frame[0] != std::byte{proto::htyp::log} || length < text_offset)
      throw BenchError("the roofline's stream is torn");
    result.sum += proto::load_le<std::uint64_t>(frame + 30);
    ++result.messages;
    at += length;
  }
  return at;
}

void read_all(int fd, RooflineResult& result) {
  std::vector<std::byte> buffer(read_size);
  std::size_t held = 0;
  for (;;) {
    const ssize_t n = ::recv(fd, buffer.data() + held, buffer.size() - held, 0);
    if (n <= 0) break;
    if (result.first_ns == 0) result.first_ns = now_ns();
    result.bytes += static_cast<std::uint64_t>(n);
    held += static_cast<std::size_t>(n);
    const std::size_t used = walk(buffer.data(), held, result);
    held -= used;
    std::memmove(buffer.data(), buffer.data() + used, held);
  }
  result.last_ns = now_ns();
}

// Ranges of whole frames, each range up to 64 KiB.
std::vector<std::vector<std::byte>> prepare(const RooflinePlan& plan, std::uint64_t& frames, std::uint64_t& sum) {
  const Texts texts = Texts::fixed(plan.text_bytes);
  std::vector<std::vector<std::byte>> prepared(ranges);
  for (auto& range : prepared) {
    for (;;) {
      const auto frame = make_standard("ROOF", 0, frames, 0, texts.of(frames));
      if (range.size() + frame.size() > range_size) break;
      range.insert(range.end(), frame.begin(), frame.end());
      sum += tag(0, frames++);
    }
  }
  return prepared;
}

// Writes all ranges once.
void write_round(int fd, const std::vector<std::vector<std::byte>>& prepared, RooflineResult& result) {
  std::array<iovec, ranges> vectors{};
  for (std::size_t i = 0; i < ranges; ++i)
    vectors[i] = {const_cast<std::byte*>(prepared[i].data()), prepared[i].size()};
  iovec* next = vectors.data();
  while (next != vectors.data() + ranges) {
    const ssize_t n = ::writev(fd, next, static_cast<int>(vectors.data() + ranges - next));
    if (n <= 0) throw BenchError("the roofline's reader is gone");
    result.bytes += static_cast<std::uint64_t>(n);
    auto left = static_cast<std::size_t>(n);
    while (next != vectors.data() + ranges && left >= next->iov_len) left -= next++->iov_len;
    if (left != 0) next->iov_base = static_cast<std::byte*>(next->iov_base) + left, next->iov_len -= left;
  }
}

}  // namespace

void roofline_read_worker(Channel& channel) {
  auto plan = from_wire<RooflinePlan>(channel.expect(10));
  const int listener = open_socket(plan);
  Address address = address_of(plan);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0 ||
      ::listen(listener, 1) != 0)
    throw BenchError(std::string("cannot listen: ") + std::strerror(errno));
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address.bytes), &address.size);
  if (plan.path.empty()) plan.port = ntohs(reinterpret_cast<const sockaddr_in*>(&address.bytes)->sin_port);
  channel.send(std::to_string(plan.port));
  const int fd = ::accept(listener, nullptr, nullptr);
  const Usage before = usage_of();
  RooflineResult result;
  read_all(fd, result);
  result.usage = usage_of().since(before);
  channel.send(to_wire(result));
}

void roofline_write_worker(Channel& channel) {
  const auto plan = from_wire<RooflinePlan>(channel.expect(10));
  std::uint64_t frames = 0, sum = 0;
  const auto prepared = prepare(plan, frames, sum);
  const int fd = open_socket(plan);
  const Address address = address_of(plan);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0)
    throw BenchError(std::string("the roofline's reader does not answer: ") + std::strerror(errno));
  const Usage before = usage_of();
  RooflineResult result;
  result.first_ns = now_ns();
  const std::uint64_t end = result.first_ns + static_cast<std::uint64_t>(plan.duration_s * 1e9);
  while (now_ns() < end) {
    write_round(fd, prepared, result);
    result.messages += frames;
    result.sum += sum;
  }
  ::close(fd);
  result.last_ns = now_ns();
  result.usage = usage_of().since(before);
  channel.send(to_wire(result));
}

}  // namespace dlt::bench
