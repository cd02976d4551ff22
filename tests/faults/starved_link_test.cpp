// A node that is refused memory (F33) while the link to its gateway breaks and goes on: each message that it has
// received comes to the gateway once, or is counted: as lost there, or here, as what the gateway is not told of.
#include "faults/starved_node.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;

namespace {

// The gateway of a node, by way of a relay; it has all the memory it wants.
class Gateway {
 public:
  explicit Gateway(std::uint16_t node) : relay_(node), daemon_(DLT_DAEMON, books_.gateway(relay_.port())) {
    daemon_.set("ControlSocketPath", daemon_.dir() / "ctrl.sock");
    daemon_.start();
  }
  // What is said behind freeze() does not come.
  void freeze() { relay_.freeze(); }
  // The link breaks, and is made again. False: not until the deadline.
  bool connect_anew() {
    relay_.cut();
    if (!relay_.has_cut()) return false;
    relay_.cut_after(1 << 30);
    return ask_to_connect(daemon_, false).has_value() && eventually([&] { return ask_to_connect(daemon_, true) == 0; });
  }
  [[nodiscard]] bool is_linked() const { return Books::node(daemon_).at("acknowledged") == true; }
  // Messages that it has had, or knows to be lost.
  [[nodiscard]] std::uint64_t known() const {
    const auto node = Books::node(daemon_);
    return node.at("received").at("messages").get<std::uint64_t>() + node.at("lost").get<std::uint64_t>();
  }
  // None has come twice, or too early.
  void end() {
    CHECK(daemon_.stop() == 0);
    books_.check_order();
  }

 private:
  Books books_;
  BreakingRelay relay_;
  Daemon daemon_;
};

struct Counted {
  std::uint64_t received;  // by the node, of applications
  std::uint64_t missed;    // of those, what no gateway gets or is told of
};
Counted counted(const Daemon& node) {
  const auto status = look(node);
  return {status.at("totals").at("received_messages").get<std::uint64_t>(),
          status.at("forgotten_links").at("messages").get<std::uint64_t>() +
              status.at("backlog").at("evicted").at("messages").get<std::uint64_t>()};
}

std::string some_messages(std::uint32_t& number) {
  std::string messages;
  for (const std::size_t extra : {0U, 40U, 5000U, 800U, 3000U}) messages += log(frame(number++, extra, "NODE"));
  return messages;
}

void fault_f33_of_link(int step) {
  for (const bool all : {false, true}) {
    StarvedDaemon node(Daemon::Settings{{"ECUId", "ECU2"}});
    Gateway gateway(node.daemon.port());
    std::uint32_t number = first_number;
    int n = 1;
    int refusals = 0;
    for (; n < more_than_there_are; n += step) {
      INFO("request " << n << (all ? " and all after it" : ""));
      REQUIRE(eventually([&] { return gateway.is_linked(); }));
      auto app = RawPeer::to_unix(node.daemon.dir() / "app.sock");
      REQUIRE(app.send(registration("NODE") + some_messages(number)));
      gateway.freeze();
      REQUIRE(app.send(some_messages(number)));
      node.memory.arm(n, all);
      std::thread relief;
      if (all)
        relief = std::thread([&] {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
          node.memory.give();
        });
      static_cast<void>(app.send(some_messages(number)));  // it may be gone
      const bool connected = gateway.connect_anew();
      static_cast<void>(app.send(some_messages(number)));
      if (all) relief.join();
      const bool linked = eventually([&] { return gateway.is_linked(); });
      const auto refused_now = node.memory.disarm();
      INFO(node.daemon.log());
      REQUIRE(node.daemon.process().running());
      REQUIRE(connected);
      REQUIRE(linked);
      Counted books{};
      const bool close = eventually([&] {
        books = counted(node.daemon);
        return gateway.known() + books.missed >= books.received;
      });
      INFO("received " << books.received << ", missed " << books.missed << ", known to the gateway "
                       << gateway.known());
      REQUIRE(close);
      REQUIRE(gateway.known() <= books.received);
      if (refused_now == 0) break;
      ++refusals;
    }
    CHECK(refusals > 0);
    CHECK(n < more_than_there_are);
    gateway.end();
    CHECK(node.daemon.stop() == 0);
    std::cout << "a link: " << refusals << " of about " << n - step << " requests of the node refused, each "
              << (all ? "with all after it" : "alone") << '\n';
  }
}

}  // namespace

TEST_CASE("F33: a node without memory for the link to its gateway loses no message uncounted", "[F33]") {
  fault_f33_of_link(5);
}

TEST_CASE("F33: a node without memory for the link to its gateway loses none, whatever is refused", "[F33][long]") {
  fault_f33_of_link(1);
}

#endif
