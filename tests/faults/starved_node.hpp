// Around a gateway that is refused memory: its node, who asks it something, who sees what the node logs, and the books.
// Of a test's own thread.
#pragma once

#include "dlt-daemon/support/breaking_relay.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/stored_numbers.hpp"

namespace dlt::test {

namespace control = dlt::proto::control;

inline constexpr std::uint32_t first_number = 1'000'000;  // of the messages of nodes

inline bool is_of_node(proto::Bytes f) {
  return f.size() > frame_headers && std::to_integer<std::uint8_t>(f[0]) == proto::htyp::log &&
         number_of(f) >= first_number;
}

// The numbers that a viewer is shown of the node's messages.
class Viewer {
 public:
  explicit Viewer(const Daemon& gateway) : peer_(RawPeer::to_tcp(gateway.port())) {}

  // Until this one has come, or a later one; false: the viewer has lost its connection. Nothing: neither, until the
  // deadline.
  std::optional<bool> sees(std::uint32_t number) {
    while (numbers_.empty() || numbers_.back() < number) {
      errno = 0;
      const auto some = peer_.receive();
      if (some.empty()) return errno == EAGAIN ? std::nullopt : std::optional(false);
      framer_.feed(proto::as_bytes(some));
      while (const auto f = framer_.next())
        if (is_of_node(f->bytes)) numbers_.push_back(number_of(f->bytes));
    }
    return true;
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
inline std::optional<int> ask(const Daemon& gateway, const std::string& request) {
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
inline std::optional<int> ask_to_connect(const Daemon& gateway, bool on) {
  return ask(gateway, request(control::PassiveNodeConnect{on ? 1U : 0U, "ECU2"}));
}
inline std::optional<int> ask_the_node(const Daemon& gateway) {
  return ask(gateway, asked_of("ECU2", control::GetSoftwareVersion{}));
}

// What gateways in turn say of one node, against what it has sent.
class Books {
 public:
  // Its nodes, from its start or a reload on.
  void configure(std::uint16_t node, const std::string& more = {}, const std::string& others = {}) const {
    const std::string usual = "Timeout=0\nSendControl=0x13\nSendPeriodicControl=0x03:1\n";
    write_file(dir_ / "gw.conf", section(1, node, "ECU2", usual + more) + others);
  }
  [[nodiscard]] Daemon::Settings gateway(std::uint16_t node) const {
    configure(node);
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
    const auto status = look(gateway);
    const auto& node = status.at("nodes").at(0);
    seen.lost = node.at("lost").get<std::uint64_t>();
    seen.not_stored = status.at("storage").at("dropped").at("messages").get<std::uint64_t>();
    const std::uint64_t known = node.at("received").at("messages").get<std::uint64_t>() + seen.lost;
    const std::uint64_t expected = sent - seen.sent_before;
    return known <= expected && known + (unread - seen.unread_before) >= expected;
  }
  // None has been stored twice, or too early. When the last gateway has ended.
  void check_order() const {
    auto stored = stored_in(dir_ / "stored");
    std::erase_if(stored.numbers, [](std::uint32_t n) { return n < first_number; });
    CHECK(stored.numbers.size() > 0);
    CHECK(stored.rising());
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
  [[nodiscard]] unsigned connections() const { return relay_->connections(); }  // of gateways
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
inline bool works(Node& node, const Daemon& gateway, Books& books) {
  if (!eventually([&] { return Books::node(gateway).at("acknowledged") == true; })) return false;
  Viewer viewer(gateway);
  if (viewer.sees(node.log_some()) != true || !viewer.in_order_and_once()) return false;
  return ask_the_node(gateway) == 0 && eventually([&] { return books.close(gateway, node.sent()); });
}

}  // namespace dlt::test
