// A gateway that is refused memory (F33) while the connection to its node breaks and is made again, messages of the
// node come and requests go to it. Afterwards the node is connected, and each of its messages has come once or is
// counted.
#include "dlt-daemon/support/breaking_relay.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/stored_numbers.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

constexpr std::uint32_t first_number = 1'000'000;  // of the messages of nodes

bool is_of_node(proto::Bytes f) {
  return f.size() > frame_headers && std::to_integer<std::uint8_t>(f[0]) == proto::htyp::log &&
         number_of(f) >= first_number;
}

// The numbers that a viewer is shown of the node's messages.
class Viewer {
 public:
  explicit Viewer(const Daemon& gateway) : peer_(RawPeer::to_tcp(gateway.port())) {}

  // Until this one has come; false: the viewer has lost its connection. Nothing: neither, until the deadline.
  std::optional<bool> sees(std::uint32_t number) {
    while (numbers_.empty() || numbers_.back() < number) {
      errno = 0;
      const auto some = peer_.receive();
      if (some.empty()) return errno == EAGAIN ? std::nullopt : std::optional(false);
      framer_.feed(proto::as_bytes(some));
      while (const auto f = framer_.next())
        if (is_of_node(f->bytes)) numbers_.push_back(number_of(f->bytes));
    }
    return numbers_.back() == number;
  }
  [[nodiscard]] bool in_order_and_once() const {
    return std::is_sorted(numbers_.begin(), numbers_.end(), std::less_equal<>());
  }

 private:
  RawPeer peer_;
  proto::Framer framer_;
  std::vector<std::uint32_t> numbers_;
};

// The status in the first answer to a request at the socket for control; 255: the connection is lost. Nothing: neither,
// until the deadline.
std::optional<int> ask(const Daemon& gateway, const std::string& request) {
  constexpr std::size_t enough = 27;
  const auto peer = RawPeer::to_unix(gateway.dir() / "ctrl.sock");
  if (!peer.send(request)) return 255;
  for (std::string heard;;) {
    errno = 0;
    const auto some = peer.receive();
    if (some.empty()) return errno == EAGAIN ? std::nullopt : std::optional(255);
    heard += some;
    if (heard.size() >= enough) return static_cast<unsigned char>(heard[enough - 1]);
  }
}
std::optional<int> ask_to_connect(const Daemon& gateway, bool on) {
  return ask(gateway, request(control::PassiveNodeConnect{on ? 1U : 0U, "ECU2"}));
}
std::optional<int> ask_the_node(const Daemon& gateway) {
  return ask(gateway, asked_of("ECU2", control::GetSoftwareVersion{}));
}

// What gateways in turn say of one node, against what it has sent.
class Books {
 public:
  Daemon::Settings gateway(std::uint16_t node) const {
    write_file(dir_ / "gw.conf", section(1, node, "ECU2", "Timeout=0\nSendControl=0x13\nSendPeriodicControl=0x03:1\n"));
    return {{"ECUId", "GATE"},
            {"GatewayMode", "1"},
            {"GatewayConfigFile", dir_ / "gw.conf"},
            {"ControlSocketPath", "./ctrl.sock"},
            {"OfflineTraceDirectory", dir_ / "stored"},
            {"OfflineTraceCompression", "0"}};
  }
  static nlohmann::json node(const Daemon& gateway) { return look(gateway).at("nodes").at(0); }

  // They close, where of `sent` messages so many may have gone with a connection, unread.
  [[nodiscard]] bool close(const Daemon& gateway, std::uint64_t sent, std::uint64_t unread = 0) {
    Seen& seen = gateways_.try_emplace(gateway.dir().path(), Seen{sent_, unread_, 0, 0}).first->second;
    sent_ = sent;
    unread_ = unread;
    return eventually([&] {
      const auto status = look(gateway);
      const auto& node = status.at("nodes").at(0);
      seen.lost = node.at("lost").get<std::uint64_t>();
      seen.not_stored = status.at("storage").at("dropped").at("messages").get<std::uint64_t>();
      const std::uint64_t known = node.at("received").at("messages").get<std::uint64_t>() + seen.lost;
      const std::uint64_t expected = sent - seen.sent_before;
      return known <= expected && known + (unread - seen.unread_before) >= expected;
    });
  }
  // Each is stored once, but for what is counted. When the last gateway has ended.
  void check_stored(std::uint64_t sent, std::uint64_t unread = 0) const {
    auto stored = stored_in(dir_ / "stored");
    std::erase_if(stored.numbers, [](std::uint32_t n) { return n < first_number; });
    CHECK(stored.rising());
    std::uint64_t missing = unread;
    for (const auto& [gateway, seen] : gateways_) missing += seen.lost + seen.not_stored;
    CHECK(stored.numbers.size() <= sent);
    CHECK(stored.numbers.size() + missing >= sent);
  }

 private:
  struct Seen {
    std::uint64_t sent_before = 0;
    std::uint64_t unread_before = 0;
    std::uint64_t lost = 0;
    std::uint64_t not_stored = 0;
  };
  TempDir dir_;
  std::map<std::filesystem::path, Seen> gateways_;
  std::uint64_t sent_ = 0, unread_ = 0;  // when they were closed last
};

// A daemon of ours as the node, and an application that logs there; the link to it breaks when the test says so.
class Node {
 public:
  Node() : daemon_(DLT_DAEMON, {{"ECUId", "ECU2"}}) {
    daemon_.start();
    relay_.emplace(daemon_.port());
    app_.emplace(RawPeer::to_unix(daemon_.dir() / "app.sock"));
    REQUIRE(app_->send(registration("NODE")));
  }

  [[nodiscard]] std::uint16_t port() const { return relay_->port(); }
  // Logs some; the number of the last one.
  std::uint32_t log_some() {
    std::string messages;
    for (const std::size_t extra : {0U, 40U, 5000U, 800U, 3000U})
      messages += log(frame(first_number + static_cast<std::uint32_t>(sent_++), extra, "NODE"));
    REQUIRE(app_->send(messages));
    return first_number + static_cast<std::uint32_t>(sent_) - 1;
  }
  // The link breaks, and what is logged meanwhile is lost on its way, to be sent again.
  void break_link() {
    relay_->freeze();
    (void)log_some();
    relay_->cut();
    REQUIRE(relay_->has_cut());
    relay_->cut_after(1 << 30);
  }
  // The gateway has acknowledged everything, or is not connected.
  [[nodiscard]] bool is_at_rest() const {
    return eventually([&] {
      for (const auto& client : look(daemon_).at("clients"))
        if (client.at("queued_bytes") != 0 || client.at("unacknowledged_bytes") != 0) return false;
      return true;
    });
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  Daemon daemon_;
  std::optional<BreakingRelay> relay_;
  std::optional<RawPeer> app_;
  std::uint64_t sent_ = 0;
};

// Everything works again.
bool works(Node& node, const Daemon& gateway, Books& books) {
  if (!eventually([&] { return Books::node(gateway).at("acknowledged") == true; })) return false;
  Viewer viewer(gateway);
  if (viewer.sees(node.log_some()) != true || !viewer.in_order_and_once()) return false;
  return ask_the_node(gateway) == 0 && books.close(gateway, node.sent());
}

// The link breaks, clients have the node disconnected and connected again, ask it something and see what it logs.
bool connect_on_request(Node& node, const Daemon& gateway) {
  Viewer viewer(gateway);
  node.break_link();
  const auto disconnected = ask_to_connect(gateway, false);
  const auto connected = ask_to_connect(gateway, true);
  const auto answered = ask_the_node(gateway);
  if (!disconnected || !connected || !answered) return false;
  if (connected == 0 && !viewer.sees(node.log_some())) return false;
  return viewer.in_order_and_once();
}
// The link breaks, and comes back by itself.
bool connect_in_time(Node& node, const Daemon& gateway) {
  Viewer viewer(gateway);
  node.break_link();
  return viewer.sees(node.log_some()) && viewer.in_order_and_once() && node.is_at_rest();
}

void fault_f33_on_request(int step) {
  Books books;
  Node node;
  fault_f33(
      "a node", step, books.gateway(node.port()),
      [&](const Daemon& gateway, int) { return connect_on_request(node, gateway); },
      [&](const Daemon& gateway) {
        if (!eventually([&] { return ask_to_connect(gateway, true) == 0; })) return false;
        return works(node, gateway, books);
      });
  books.check_stored(node.sent());
}
void fault_f33_in_time(int step, std::chrono::milliseconds relief) {
  Books books;
  Node node;
  fault_f33(
      "a node that comes back", step, books.gateway(node.port()),
      [&](const Daemon& gateway, int) { return connect_in_time(node, gateway); },
      [&](const Daemon& gateway) { return works(node, gateway, books); }, relief);
  books.check_stored(node.sent());
}

}  // namespace

TEST_CASE("F33: a gateway without memory for a node that is to be connected lives, and connects it again", "[F33]") {
  fault_f33_on_request(4);
}

TEST_CASE("F33: a gateway without memory for a node lives, whatever of it is refused", "[F33][long]") {
  fault_f33_on_request(1);
}

TEST_CASE("F33: a gateway without memory for a node whose link breaks connects it again by itself", "[F33]") {
  fault_f33_in_time(5, std::chrono::milliseconds(20));
}

TEST_CASE("F33: a gateway that is without memory for longer connects its node as soon as there is some",
          "[F33][long]") {
  fault_f33_in_time(1, std::chrono::milliseconds(1500));
}

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
        Viewer viewer(gateway);
        node.leave();
        const auto disconnected = ask_to_connect(gateway, false);
        const auto connected = ask_to_connect(gateway, true);
        const auto answered = ask_the_node(gateway);
        return disconnected && connected && answered && viewer.in_order_and_once();
      },
      [&](const Daemon& gateway) {
        if (!eventually([&] { return ask_to_connect(gateway, true) == 0; })) return false;
        Viewer viewer(gateway);
        return eventually([&] { return ask_the_node(gateway) == 0; }) && viewer.sees(node.last()).value_or(false) &&
               viewer.in_order_and_once() && books.close(gateway, node.sent(), node.unread());
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
