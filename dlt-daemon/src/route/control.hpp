// What the daemon answers to a client's control request, and what it tells clients unasked.
//
// The answers are, byte for byte, those of COVESA 2.18.8 for the services that both know; a service that is not handled
// here is answered with not_supported. Pure: changes the registry, returns what to send; time comes in. The io
// thread's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/control.hpp"
#include "filter_rules.hpp"
#include "route/registry.hpp"

namespace dlt::daemon {

using Frame = std::vector<std::byte>;  // one whole DLT frame that the daemon itself made

struct InjectionPush {
  SessionId session = 0;
  std::int32_t position = 0;
  std::uint32_t service = 0;
  std::vector<std::byte> data;
  std::size_t reply = 0;  // which of the replies says that it has been delivered
};

// A request for a logstorage device, which is answered later.
struct LogstorageRequest {
  enum class Kind : std::uint8_t { disconnect, connect, sync };
  Kind kind{};
  std::string path;  // of the device; empty where all are to be synced
};

// A request about passive nodes, which the gateway answers.
struct NodeRequest {
  enum class Kind : std::uint8_t { disconnect, connect, status };
  Kind kind{};
  EcuId node;  // not of `status`
};

// A request that is a passive node's to answer.
struct ForwardedRequest {
  EcuId node;
  proto::control::Service service{};
  Frame frame;  // as it came
};

// A request for snapshots, which is answered when they are written.
struct SnapshotRequest {
  AppId app;  // empty: of all
};

// What requests lead to.
struct Outcome {
  std::vector<Frame> replies;  // to the client that asked, in this order
  std::vector<LevelPush> levels;
  std::vector<InjectionPush> injections;
  std::vector<LogstorageRequest> logstorage;
  std::vector<NodeRequest> nodes;
  std::vector<ForwardedRequest> forwarded;
  std::vector<SnapshotRequest> snapshots;
  std::optional<proto::control::GatewayLink> link;          // the client that asked is a gateway
  std::optional<proto::control::GatewayReceived> received;  // and has got so much of its link
  std::optional<FilterRules> filter;                        // what the client that asked wants from now on
  std::optional<bool> timing;                               // control-time messages each second: on or off
};

class Control {
 public:
  struct Options {
    EcuId ecu{"ECU1"};
    bool injections = true;
    std::uint8_t registration_option = 7;  // of the get_log_info notice
    std::string version;                   // text for get_software_version
    Defaults factory{};                    // what reset_to_factory_default goes back to
    std::function<bool()> store{};         // keeps the registry's levels over a restart; empty: store_config is refused
    std::function<bool()> forget{};        // undoes that; set where `store` is
    bool logstorage = false;               // devices may be connected
    bool gateway = false;                  // requests about passive nodes are answered
    bool snapshots = false;                // there is a directory for them
    std::vector<EcuId> nodes{};            // requests with one of these ECU ids are forwarded
  };

  Control(Registry& registry, Options options) : registry_(registry), options_(std::move(options)) {}

  // Answers one whole frame of a client by adding to `out`; anything but a control request leads to nothing.
  // `timestamp`: 0.1 ms since boot.
  void handle(proto::Bytes frame, std::uint32_t timestamp, Outcome& out);

  [[nodiscard]] Frame connection_info(std::uint8_t state, std::uint32_t timestamp) const;
  [[nodiscard]] Frame context_registered(AppId app, ContextId context, std::uint32_t timestamp) const;
  [[nodiscard]] Frame context_unregistered(AppId app, ContextId context, std::uint32_t timestamp) const;
  // `app` empty: the daemon itself lost them.
  [[nodiscard]] Frame lost(AppId app, std::uint64_t count, std::uint32_t timestamp) const;
  // The answer to an injection that somebody it was for does not get: in the place of the reply that it has.
  [[nodiscard]] Frame undelivered(const InjectionPush& push, std::uint32_t timestamp) const;
  // The answer to a LogstorageRequest.
  [[nodiscard]] Frame logstorage(proto::control::Status status, std::uint32_t timestamp) const;
  // The answer to a GatewayLink.
  [[nodiscard]] Frame gateway_linked(const proto::control::GatewayLinked& answer, std::uint32_t timestamp) const;
  [[nodiscard]] Frame gateway_refused(std::uint32_t timestamp) const;
  // The answer to a SnapshotRequest.
  [[nodiscard]] Frame snapshots(const proto::control::Snapshots& answer, std::uint32_t timestamp) const;
  // The answers to NodeRequests.
  [[nodiscard]] Frame passive_node(proto::control::Status status, std::uint32_t timestamp) const;
  [[nodiscard]] Frame passive_nodes(const proto::control::PassiveNodeStatus& status, std::uint32_t timestamp) const;
  // In a passive node's place: what was asked of it has come to nothing.
  [[nodiscard]] static Frame unreachable(EcuId node, proto::control::Service service, std::uint32_t timestamp);
  [[nodiscard]] Frame marker(std::uint32_t timestamp) const;
  [[nodiscard]] Frame time(std::uint32_t timestamp) const;
  [[nodiscard]] Frame software_version(std::uint32_t timestamp) const;
  [[nodiscard]] Frame timezone(std::int32_t offset_s, bool dst, std::uint32_t timestamp) const;

  void set_options(Options options) { options_ = std::move(options); }

 private:
  struct Call;
  [[nodiscard]] bool is_node(EcuId ecu) const noexcept;
  [[nodiscard]] Frame make(const proto::control::Response& response, std::uint32_t timestamp, AppId app = {}) const;

  Registry& registry_;
  Options options_;
};

}  // namespace dlt::daemon
