#include "support/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace dlt::test {

namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr std::uint32_t type_u32 = 0x00000043;
constexpr std::uint32_t type_u64 = 0x00000044;
constexpr std::uint32_t type_string = 0x00000200;

template <class T>
T little_endian(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

ReceivedFrame parse(proto::Bytes bytes) {
  proto::ByteReader in(bytes);
  ReceivedFrame frame;
  const auto standard = proto::StandardHeader::decode(in);
  if (!standard) throw std::runtime_error("a frame without a standard header");
  frame.standard = *standard;
  if ((frame.standard.htyp & proto::htyp::extended_header) != 0) {
    if (const auto extended = proto::ExtendedHeader::decode(in)) frame.extended = *extended;
  }
  frame.payload = bytes.subspan(proto::headers_size(frame.standard.htyp));
  return frame;
}

}  // namespace

Client::Client(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(read_size) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return;
  close(socket_);
  throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

Client::~Client() { close(socket_); }

bool Client::fill(std::chrono::milliseconds limit) {
  pollfd readable{socket_, POLLIN, 0};
  if (limit.count() <= 0 || poll(&readable, 1, static_cast<int>(limit.count())) != 1) return false;
  const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
  if (got <= 0) {
    ended_ = true;
    return false;
  }
  framer_.feed(proto::Bytes(buffer_).first(static_cast<std::size_t>(got)));
  return true;
}

bool Client::read_until(const std::function<bool(const ReceivedFrame&)>& on_frame, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    while (const auto frame = framer_.next())
      if (on_frame(parse(frame->bytes))) return true;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (!fill(std::chrono::duration_cast<std::chrono::milliseconds>(left))) return false;
  }
}

void Client::send(proto::Bytes bytes) const {
  if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the daemon does not take the request");
}

std::string only_text(const ReceivedFrame& frame) {
  const auto p = frame.payload;
  if (p.size() < 7 || (little_endian<std::uint32_t>(p.data()) & type_string) == 0) return {};
  if (little_endian<std::uint16_t>(p.data() + 4) != p.size() - 6) return {};
  return {reinterpret_cast<const char*>(p.data() + 6), p.size() - 7};
}

std::optional<Numbered> numbered(const ReceivedFrame& frame) {
  const auto p = frame.payload;
  if (p.size() != 20 || little_endian<std::uint32_t>(p.data()) != type_u32) return std::nullopt;
  if (little_endian<std::uint32_t>(p.data() + 8) != type_u64) return std::nullopt;
  return Numbered{little_endian<std::uint32_t>(p.data() + 4), little_endian<std::uint64_t>(p.data() + 12)};
}

}  // namespace dlt::test
