// A passive node that does what a test tells it: an address, and whoever connects there. One thread per object.
#pragma once

#include "dlt-daemon/support/peers.hpp"

namespace dlt::test {

class FakeNode {
 public:
  // The address is this node's from now on; who connects is refused until listen().
  explicit FakeNode(int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    if (::bind(fd_.get(), address, size) != 0 || ::getsockname(fd_.get(), address, &size) != 0)
      throw std::runtime_error("the kernel gives no port");
    port_ = ntohs(where.sin_port);
  }
  FakeNode& listen() {
    if (::listen(fd_.get(), 16) != 0) throw std::runtime_error("listen");
    return *this;
  }
  // Who connects asks first for a link (0xf22), which a node that is not ours does not know.
  [[nodiscard]] Peer accept() const;
  // Likewise; what is asked is read, and nothing is said. `link`: gets the number of the link that is asked for.
  [[nodiscard]] Peer accept_silently(std::uint64_t* link = nullptr) const {
    Peer peer = Peer::accepted(fd_.get());
    std::string asked = peer.receive(4);
    if (asked == "DLS\x01") asked = peer.receive(4);
    if (asked.size() == 4) asked += peer.receive(proto::load_be<std::uint16_t>(asked.data() + 2) - 4U);
    constexpr std::size_t payload = 26;  // behind the service
    if (link != nullptr && asked.size() >= payload + 8) *link = proto::load_le<std::uint64_t>(&asked[payload]);
    return peer;
  }
  // Likewise; nothing is read.
  [[nodiscard]] Peer accept_unread() const { return Peer::accepted(fd_.get()); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  daemon::Fd fd_;
  std::uint16_t port_ = 0;
};

// A log message of a node: frame() with another ECU id.
inline std::string node_frame(std::uint32_t number, EcuId ecu = "ECU2", std::size_t extra = 0) {
  return frame(number, extra).replace(4, 4, ecu.bytes(), 4);
}
inline std::string node_frames(std::uint32_t first, std::uint32_t count, EcuId ecu = "ECU2", std::size_t extra = 0) {
  std::string all;
  for (std::uint32_t i = 0; i < count; ++i) all += node_frame(first + i, ecu, extra);
  return all;
}
// An answer, or a notice, of a node.
inline std::string node_says(const proto::control::Response& r, EcuId ecu = "ECU2") {
  proto::control::Envelope envelope;
  envelope.ecu = ecu;
  return std::string(proto::as_text(*proto::control::frame(r, envelope)));
}
inline Peer FakeNode::accept() const {
  Peer peer = accept_silently();
  (void)peer.send(
      node_says(proto::control::Plain{proto::control::Service::gateway_link, proto::control::Status::not_supported}));
  return peer;
}
// What a client asks of a node.
inline std::string asked_of(EcuId ecu, const proto::control::Request& r, AppId app = {}, ContextId context = {}) {
  proto::control::Envelope envelope;
  envelope.ecu = ecu;
  envelope.app = app;
  envelope.context = context;
  return std::string(proto::as_text(*proto::control::frame(r, envelope)));
}
inline std::string ecu_of(const std::string& f) { return f.size() < 8 ? "" : std::string(f.substr(4, 4).c_str()); }

// One section of dlt_gateway.conf.
inline std::string section(int n, std::uint16_t port, const std::string& ecu, const std::string& more = {}) {
  return "[PassiveNode" + std::to_string(n) + "]\nIPaddress=127.0.0.1\nPort=" + std::to_string(port) +
         "\nEcuID=" + ecu + "\n" + more;
}

}  // namespace dlt::test
