// A gateway that is refused memory (F33) while the connection to its node breaks and is made again, messages of the
// node come, requests go to it, and a reload changes it. Afterwards the node is connected, and each of its messages has
// come once or is counted.
#include <csignal>

#include "faults/starved_node.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;

namespace {

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

// The section of the node becomes another one, and with it its connection; another node comes and goes.
void fault_f33_reload(int step) {
  Books books;
  Node node;
  pid_t gateway_pid = 0;
  unsigned changes = 0;
  std::string other;
  fault_f33(
      "a reload", step, books.gateway(node.port()),
      [&](const Daemon&, int) {
        const auto before = node.connections();
        other = "R" + std::to_string(++changes % 1000);
        books.configure(node.port(), "SendSerialHeader=" + std::to_string(changes % 2) + "\n",
                        section(2, node.port(), other, "Connect=OnDemand\n"));
        ::kill(gateway_pid, SIGHUP);
        return eventually([&] { return node.connections() > before; });
      },
      [&](const Daemon& gateway) {
        gateway_pid = look(gateway).at("pid").get<pid_t>();
        const bool reloaded = eventually([&] {
          const auto nodes = look(gateway).at("nodes");
          return other.empty() || (nodes.size() == 2 && nodes.at(1).at("ecu") == other);
        });
        return reloaded && works(node, gateway, books);
      });
  books.check_stored(node.sent());
}

}  // namespace

TEST_CASE("F33: a gateway without memory for a reload has its new nodes all the same", "[F33]") {
  fault_f33_reload(10);
}

TEST_CASE("F33: a gateway without memory for a reload has its new nodes, whatever of it is refused", "[F33][long]") {
  fault_f33_reload(1);
}

#endif
