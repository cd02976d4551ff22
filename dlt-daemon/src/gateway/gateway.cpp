#include "gateway/gateway.hpp"

#include <algorithm>

#include "session/hub.hpp"

namespace dlt::daemon::gateway {

namespace control = proto::control;
using control::Status;

namespace {

// As the incumbent's daemon has them; its tool knows the second one from all others.
constexpr std::uint8_t never_connected = 1;
constexpr std::uint8_t connected = 2;
constexpr std::uint8_t disconnected = 3;

bool is_same_place(const NodeConfig& a, const NodeConfig& b) noexcept {
  return a.ecu == b.ecu && a.address == b.address && a.port == b.port;
}

}  // namespace

// What needs memory comes first.
void Gateway::configure(const std::vector<NodeConfig>& nodes) {
  constexpr const char* reason = "it is not configured like that any more";
  Nodes now;
  for (const NodeConfig& node : nodes) {
    const auto of =
        std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& known) { return known->config() == node; });
    now.push_back(of != nodes_.end() ? *of : std::make_shared<NodeSession>(hub_, node));
  }
  const Nodes before = std::exchange(nodes_, std::move(now));
  const auto is_in = [](const Nodes& all, const auto& node) {
    return std::find(all.begin(), all.end(), node) != all.end();
  };
  for (const auto& gone : before) {
    if (is_in(nodes_, gone)) continue;
    NodeSession* const next = find(gone->config().ecu);
    if (next != nullptr && is_same_place(next->config(), gone->config())) next->go_on_for(*gone, reason);
    else gone->disconnect(reason);
  }
  for (const auto& node : nodes_)
    if (!is_in(before, node)) node->start();
}

void Gateway::ask(ClientSession& client, const NodeRequest& request) {
  const auto answer = [this, to = client.weak_from_this()](Status status) {
    const auto session = to.lock();
    if (!session) return;
    session->answer_later([&] { return hub_.exchange().control.passive_node(status, hub_.now().uptime); });
  };
  NodeSession* const node = find(request.node);
  switch (request.kind) {
    case NodeRequest::Kind::status:
      client.reply(hub_.exchange().control.passive_nodes(status(), hub_.now().uptime));
      return client.push();
    case NodeRequest::Kind::connect: return node != nullptr ? node->connect(answer) : answer(Status::error);
    case NodeRequest::Kind::disconnect:
      if (node != nullptr) node->disconnect("a client asks for that");
      return answer(node != nullptr ? Status::ok : Status::error);
  }
}

void Gateway::forward(ClientSession& client, const ForwardedRequest& request) {
  if (NodeSession* const node = find(request.node)) return node->forward(client, request);
  client.reply(Control::unreachable(request.node, request.service, hub_.now().uptime));
  client.push();
}

void Gateway::resume() {
  const Nodes nodes = nodes_;
  for (const auto& node : nodes) node->resume();
}

void Gateway::stop() {
  for (const auto& node : nodes_)
    if (node->link().state() != Link::State::up) node->disconnect("the daemon ends");
}

void Gateway::drain() {
  for (const auto& node : nodes_)
    if (!hub_.paused()) node->drain();
  stop();  // one that has just ended is not tried again
}

void Gateway::close() {
  for (const auto& node : nodes_) node->disconnect("the daemon ends");
}

void Gateway::revive() {
  for (const auto& node : nodes_) node->revive();
}

// The address that stands for all of them is this machine's loopback address, too.
bool Gateway::is_own(const std::string& address, std::uint16_t port) const {
  const auto has = [&](const std::string& text) { return std::find(own_.begin(), own_.end(), text) != own_.end(); };
  const bool v6 = address.find(':') != std::string::npos;
  const std::string behind = ":" + std::to_string(port);
  if (has((v6 ? "[" + address + "]" : address) + behind)) return true;
  const bool loopback = v6 ? address == "::1" : address.starts_with("127.");
  return loopback && has((v6 ? "[::]" : "0.0.0.0") + behind);
}

std::vector<EcuId> Gateway::ids() const {
  std::vector<EcuId> out;
  for (const auto& node : nodes_) out.push_back(node->config().ecu);
  return out;
}

NodeSession* Gateway::find(EcuId ecu) const noexcept {
  const auto it = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n->config().ecu == ecu; });
  return it != nodes_.end() ? it->get() : nullptr;
}

control::PassiveNodeStatus Gateway::status() const {
  control::PassiveNodeStatus out;
  for (const auto& node : nodes_) {
    const Link& link = node->link();
    const auto state = link.state() == Link::State::up ? connected : link.ever_up() ? disconnected : never_connected;
    out.nodes.push_back({node->config().ecu, state});
  }
  return out;
}

}  // namespace dlt::daemon::gateway
