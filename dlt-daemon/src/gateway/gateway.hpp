// All passive nodes of this daemon, and what clients ask about them or of them.
//
// Its nodes are those that are configured at the moment; without any, requests about them are answered, with an empty
// list. Owned by the hub, which tells it when to read and when to end. The io thread's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/node_session.hpp"

namespace dlt::daemon::gateway {

class Gateway {
 public:
  using Nodes = std::vector<std::shared_ptr<NodeSession>>;

  explicit Gateway(Hub& hub) noexcept : hub_(hub) {}

  // Where this daemon serves its clients, as "127.0.0.1:3490". Before configure().
  void set_own_addresses(std::vector<std::string> own) { own_ = std::move(own); }
  // From now on these. The connections of nodes that are the same as before stay. Throws std::bad_alloc; then nothing
  // has changed.
  void configure(const std::vector<NodeConfig>& nodes);

  void ask(ClientSession& client, const NodeRequest& request);
  void forward(ClientSession& client, const ForwardedRequest& request);

  void resume();
  // For an orderly end: no new connections, then what has been sent already, then none.
  void stop();
  void drain();
  void close();
  void revive();

  [[nodiscard]] bool is_own(const std::string& address, std::uint16_t port) const;
  [[nodiscard]] const Nodes& nodes() const noexcept { return nodes_; }
  [[nodiscard]] std::vector<EcuId> ids() const;

 private:
  [[nodiscard]] NodeSession* find(EcuId ecu) const noexcept;
  [[nodiscard]] proto::control::PassiveNodeStatus status() const;

  Hub& hub_;
  std::vector<std::string> own_;
  Nodes nodes_;
};

}  // namespace dlt::daemon::gateway
