// A node of ours, and a gateway that a test plays, byte by byte. The test's main thread.
#pragma once

#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <asio/post.hpp>
#include <future>
#include <string>
#include <vector>

#include "dlt-daemon/support/running_daemon.hpp"

namespace dlt::test {

namespace control = proto::control;

inline daemon::Config node_in(const TempDir& dir) {
  auto config = config_in(dir);
  config.ecu = "ECU2";
  return config;
}

// Nothing is under way any more, as far as the node knows.
inline bool at_rest(const RunningDaemon& node) {
  return eventually([&] {
    const auto s = node.status();
    for (const auto& c : s["clients"])
      if (c["queued_bytes"] != 0 || c["unacknowledged_bytes"] != 0) return false;
    return s["broken_links"].empty();
  });
}

// A gateway that is played by the test.
struct PlayedGateway {
  FrameClient client;
  std::uint64_t received = 0;
  std::uint64_t epoch = 0;
  bool resumed = false;

  explicit PlayedGateway(const RunningDaemon& node) : client(node.client()) {}

  void ask(std::uint64_t link, std::uint64_t of_epoch, std::uint64_t has) {
    REQUIRE(client.peer().send(request(control::GatewayLink{link, "GATE", of_epoch, has})));
    const auto f = client.control(0xf22);
    REQUIRE(f.size() == 27 + 25);
    CHECK(f[26] == 0);
    CHECK(proto::load_le<std::uint64_t>(f.data() + 27) == link);
    epoch = proto::load_le<std::uint64_t>(f.data() + 35);
    received = proto::load_le<std::uint64_t>(f.data() + 43);
    resumed = f[51] != 0;
  }
  // The number of the next log message; 0xffff'ffff at the end of the stream. Every frame counts.
  std::uint32_t number() {
    for (;;) {
      const auto f = client.frame();
      if (f.empty()) return 0xffff'ffff;
      ++received;
      if (f[0] == 0x3d) return number_of(proto::as_bytes(f));
    }
  }
  std::vector<std::uint32_t> numbers(std::size_t n) {
    std::vector<std::uint32_t> out;
    while (out.size() < n && (out.empty() || out.back() != 0xffff'ffff)) out.push_back(number());
    return out;
  }
  void acknowledge() { REQUIRE(client.peer().send(request(control::GatewayReceived{received}))); }
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(client.peer().fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client.peer().close();
  }
};

inline std::vector<std::uint32_t> up_from(std::uint32_t first, std::uint32_t end) {
  std::vector<std::uint32_t> all;
  for (; first < end; ++first) all.push_back(first);
  return all;
}

inline bool breaks(const RunningDaemon& node) {
  return eventually([&] { return node.status()["broken_links"].size() == 1; });
}

// A gateway has begun link 5, and is gone before anything came; the epoch that it was told.
inline std::uint64_t link_that_broke(const RunningDaemon& node) {
  std::uint64_t epoch = 0;
  {
    PlayedGateway gateway(node);
    gateway.ask(5, 0, 0);
    epoch = gateway.epoch;
    gateway.reset();
  }
  REQUIRE(breaks(node));
  return epoch;
}

// To links that are broken it is as if all the time had passed for which they wait.
inline void links_are_over(RunningDaemon& node) {
  std::promise<void> over;
  asio::post(node.daemon().io(), [&] {
    node.daemon().hub().broken_links().tick(daemon::Clock::now() + daemon::BrokenLinks::patience);
    over.set_value();
  });
  over.get_future().wait();
}

}  // namespace dlt::test
