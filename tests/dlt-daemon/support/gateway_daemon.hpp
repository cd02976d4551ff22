// A daemon that is a gateway, and what tests ask about its nodes. The test's main thread.
#pragma once

#include <catch2/catch.hpp>

#include <string>

#include "dlt-daemon/support/fake_node.hpp"
#include "dlt-daemon/support/running_daemon.hpp"

namespace dlt::test {

namespace control = proto::control;

inline daemon::Config gateway_in(const TempDir& dir, const std::string& file) {
  write_file(dir / "gw.conf", file);
  auto config = config_in(dir);
  config.control_socket = dir / "ctrl.sock";
  config.gateway = true;
  config.gateway_file = dir / "gw.conf";
  return config;
}

inline nlohmann::json node(const RunningDaemon& d, std::size_t n = 0) { return d.status()["nodes"].at(n); }
inline bool becomes(const RunningDaemon& d, const std::string& state, std::size_t n = 0) {
  return eventually([&] { return node(d, n)["state"] == state; });
}
inline bool has_received(const RunningDaemon& d, std::uint64_t messages) {
  return eventually([&] { return node(d)["received"]["messages"] == messages; });
}

inline std::uint32_t service_of(const std::string& f) {
  return f.size() < 26 ? 0 : proto::load_le<std::uint32_t>(&f[22]);
}
inline int status_of(const std::string& f) { return f.size() < 27 ? -1 : f[26]; }

// The next whole frame of a stream without serial headers.
inline std::string next_frame(Peer& peer) {
  std::string f = peer.receive(4);
  if (f.size() < 4) return f;
  return f + peer.receive(proto::load_be<std::uint16_t>(f.data() + 2) - 4U);
}

inline std::string connect_request(std::uint32_t on, EcuId ecu) {
  return request(control::PassiveNodeConnect{on, ecu});
}

// What 0xf07 says: each node's id and state.
inline std::string states(const TempDir& dir) {
  Peer peer = Peer::to_unix(dir / "ctrl.sock");
  REQUIRE(peer.send(request(control::GetPassiveNodeStatus{})));
  const auto f = next_frame(peer);
  REQUIRE(f.size() == 231);
  CHECK(service_of(f) == 0xf07);
  CHECK(status_of(f) == 0);
  std::string out;
  for (std::uint32_t i = 0; i < proto::load_le<std::uint32_t>(&f[27]); ++i)
    out += f.substr(131 + 4 * i, 4) + ":" + std::to_string(f[31 + i]) + " ";
  return out;
}

}  // namespace dlt::test
