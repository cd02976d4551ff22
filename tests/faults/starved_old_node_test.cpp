// A gateway that is refused memory (F33) while a node sends that knows no links: what it has read of that is passed on,
// or counted as lost.
#include "faults/starved_node.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;

namespace {

// A node that knows no links: it sends some messages with each answer, the first one being to whoever connects. What it
// has sent and nobody read when the connection ended is lost, and nobody knows. A thread of its own.
class OldNode {
 public:
  OldNode() {
    listening_.listen();
    thread_ = std::thread([this] { run(); });
  }
  ~OldNode() {
    end_ = true;
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return listening_.port(); }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t unread() const { return unread_; }
  [[nodiscard]] std::uint32_t last() const { return first_number + static_cast<std::uint32_t>(sent_) - 1; }
  // The present connection ends.
  void leave() { leave_ = true; }

 private:
  void run() {
    while (!end_) {
      pollfd waits{listening_.fd(), POLLIN, 0};
      if (::poll(&waits, 1, 2) != 1) continue;
      Peer gateway = listening_.accept_unread();
      const std::uint64_t before = sent_;
      leave_ = false;
      if (!serve(gateway)) unread_ += sent_ - before;
    }
  }
  // False: not all of it was read. A gateway that closes and has not read everything resets.
  bool serve(Peer& gateway) {
    proto::Framer framer;
    while (!end_ && !leave_) {
      pollfd waits{gateway.fd(), POLLIN, 0};
      if (::poll(&waits, 1, 2) != 1) continue;
      std::array<char, 4096> bytes;
      const auto n = ::recv(gateway.fd(), bytes.data(), bytes.size(), 0);
      if (n <= 0) return n == 0 && !was_reset(gateway);
      framer.feed(proto::as_bytes({bytes.data(), static_cast<std::size_t>(n)}));
      while (const auto request = framer.next()) answer(gateway, request->bytes);
    }
    return false;
  }
  static bool was_reset(const Peer& gateway) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(gateway.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0;
  }
  // In two pieces, the first of which ends in the middle of a message.
  void answer(Peer& gateway, proto::Bytes request) {
    const auto service =
        static_cast<control::Service>(proto::load_le<std::uint32_t>(request.data() + frame_headers - 4));
    std::string bytes = service == control::Service::get_software_version
                            ? node_says(control::SoftwareVersion{control::Status::ok, "old"})
                            : node_says(control::Plain{service, control::Status::not_supported});
    if (service == control::Service::get_log_info) return void(gateway.send(bytes));  // asked again and again
    for (const std::size_t extra : {0U, 40U, 2000U, 10U}) {
      bytes += node_frame(first_number + static_cast<std::uint32_t>(sent_++), "ECU2", extra);
      if (extra == 40) bytes += node_says(control::Marker{});
    }
    const std::string_view all = bytes;
    if (gateway.send(all.substr(0, all.size() / 2))) (void)gateway.send(all.substr(all.size() / 2));
  }

  FakeNode listening_;
  std::atomic<bool> end_ = false, leave_ = false;
  std::atomic<std::uint64_t> sent_ = 0, unread_ = 0;
  std::thread thread_;
};

void fault_f33_old(int step) {
  Books books;
  OldNode node;
  fault_f33(
      "an old node", step, books.gateway(node.port()),
      [&](const Daemon& gateway, int) {
        const Viewer viewer(gateway);
        node.leave();
        const auto disconnected = ask_to_connect(gateway, false);
        const auto connected = ask_to_connect(gateway, true);
        const auto answered = ask_the_node(gateway);
        return disconnected && connected && answered;
      },
      [&](const Daemon& gateway) {
        if (!eventually([&] { return ask_to_connect(gateway, true) == 0; })) return false;
        Viewer viewer(gateway);
        return eventually([&] { return ask_the_node(gateway) == 0; }) && viewer.sees(node.last()).value_or(false) &&
               viewer.in_order_and_once() &&
               eventually([&] { return books.close(gateway, node.sent(), node.unread()); });
      });
  books.check_stored(node.sent(), node.unread());
}

}  // namespace

TEST_CASE("F33: a gateway without memory for a node that knows no links counts what it has read of it", "[F33]") {
  fault_f33_old(4);
}

TEST_CASE("F33: a gateway without memory for a node that knows no links counts all of it, whatever is refused",
          "[F33][long]") {
  fault_f33_old(1);
}

#endif
