// A gateway that is refused memory (F33) while the connection to its node breaks and is made again, messages of the
// node come and requests go to it. Afterwards the node is connected, and each of its messages has come once or is
// counted.
#include "dlt-daemon/support/breaking_relay.hpp"
#include "faults/starved_daemon.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

const AppId node_app{"NODE"};

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
  static bool is_of_node(proto::Bytes f) {
    return f.size() > frame_headers && std::to_integer<std::uint8_t>(f[0]) == proto::htyp::log &&
           AppId::from_bytes(f.data() + frame_headers - 8) == node_app;
  }

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
  for (std::string heard; heard.size() < enough;) {
    errno = 0;
    const auto some = peer.receive();
    if (some.empty()) return errno == EAGAIN ? std::nullopt : std::optional(255);
    heard += some;
    if (heard.size() >= enough) return static_cast<unsigned char>(heard[enough - 1]);
  }
  return std::nullopt;
}
std::optional<int> ask_to_connect(const Daemon& gateway, bool on) {
  return ask(gateway, request(control::PassiveNodeConnect{on ? 1U : 0U, "ECU2"}));
}
std::optional<int> ask_the_node(const Daemon& gateway) {
  return ask(gateway, asked_of("ECU2", control::GetSoftwareVersion{}));
}

// A daemon of ours as the node, and an application that logs there; the link to it breaks when the test says so.
class Node {
 public:
  Node() : daemon_(started()), relay_(daemon_->port()), app_(RawPeer::to_unix(daemon_->dir() / "app.sock")) {
    write_file(dir_ / "gw.conf", section(1, relay_.port(), "ECU2", "Timeout=0\n"));
    REQUIRE(app_.send(registration(node_app)));
  }

  [[nodiscard]] Daemon::Settings gateway() const {
    return {{"ECUId", "GATE"},
            {"GatewayMode", "1"},
            {"GatewayConfigFile", dir_ / "gw.conf"},
            {"ControlSocketPath", "./ctrl.sock"},
            {"OfflineTraceDirectory", dir_ / "stored"},
            {"OfflineTraceCompression", "0"}};
  }
  // Logs some; the number of the last one.
  std::uint32_t log_some() {
    std::string frames;
    for (const std::size_t extra : {0U, 40U, 800U}) frames += log(frame(++sent_, extra, node_app));
    REQUIRE(app_.send(frames));
    return sent_;
  }
  // The link breaks, and what is logged meanwhile is lost on its way, to be sent again.
  void break_link() {
    relay_.freeze();
    (void)log_some();
    relay_.cut();
    REQUIRE(relay_.has_cut());
    relay_.cut_after(1 << 30);
  }

  // Everything works again, and the books close.
  [[nodiscard]] bool is_well(const Daemon& gateway) {
    begin(gateway);
    if (!eventually([&] { return status(gateway).at("acknowledged") == true; })) return false;
    Viewer viewer(gateway);
    if (viewer.sees(log_some()) != true || !viewer.in_order_and_once()) return false;
    if (ask_the_node(gateway) != 0) return false;
    return eventually([&] { return received(gateway) + lost(gateway) == sent_ - before_; });
  }

 private:
  static std::unique_ptr<Daemon> started() {
    auto daemon = std::make_unique<Daemon>(DLT_DAEMON);
    daemon->set("ECUId", "ECU2");
    daemon->start();
    return daemon;
  }
  // Another gateway begins with what the one before it has not got, which is nothing.
  void begin(const Daemon& gateway) {
    if (gateway_ == gateway.dir().path()) return;
    gateway_ = gateway.dir().path();
    before_ = sent_;
  }
  static nlohmann::json status(const Daemon& gateway) { return look(gateway).at("nodes").at(0); }
  static std::uint64_t received(const Daemon& gateway) {
    return status(gateway).at("received").at("messages").get<std::uint64_t>();
  }
  static std::uint64_t lost(const Daemon& gateway) { return status(gateway).at("lost").get<std::uint64_t>(); }

  TempDir dir_;
  std::unique_ptr<Daemon> daemon_;
  BreakingRelay relay_;
  RawPeer app_;
  std::uint32_t sent_ = 0;
  std::string gateway_;
  std::uint32_t before_ = 0;  // sent before the present gateway was there
};

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

}  // namespace

TEST_CASE("F33: a gateway without memory for a node that is connected lives, and connects it again", "[F33]") {
  Node node;
  fault_f33(
      "a node", 1, node.gateway(), [&](const Daemon& gateway, int) { return connect_on_request(node, gateway); },
      [&](const Daemon& gateway) {
        if (!eventually([&] { return ask_to_connect(gateway, true) == 0; })) return false;
        return node.is_well(gateway);
      });
}

#endif
