// An application that hears what the daemon tells it: levels, injections. Bytes without the library. One thread per
// object.
#pragma once

#include <poll.h>

#include <map>
#include <string>
#include <vector>

#include "dlt-daemon/support/wire.hpp"
#include "faults/raw_peer.hpp"

namespace dlt::test {

class ToldApplication {
 public:
  explicit ToldApplication(RawPeer peer) : peer_(std::move(peer)) {}

  bool send(std::string_view bytes) const { return peer_.send(bytes); }
  // Hears what has come by now.
  void listen() {
    for (pollfd readable{peer_.fd(), POLLIN, 0}; !gone_ && ::poll(&readable, 1, 0) == 1;) {
      const auto some = peer_.receive();
      if (some.empty()) gone_ = true;
      heard_ += some;
    }
    for (std::size_t used = 0;; heard_.erase(0, used)) {
      const auto message = proto::local::decode(proto::as_bytes(heard_), used);
      if (!message) return;
      if (const auto* level = std::get_if<proto::local::LogLevel>(&*message)) levels_[level->position] = *level;
      if (std::holds_alternative<proto::local::Hello>(*message)) greeted_ = true;
      if (const auto* injection = std::get_if<proto::local::Injection>(&*message))
        injections_.emplace_back(proto::as_text(injection->data));
    }
  }
  // The connection has ended.
  [[nodiscard]] bool gone() const { return gone_; }
  [[nodiscard]] bool greeted() const { return greeted_; }
  // The last of each context, by its position.
  [[nodiscard]] const std::map<std::int32_t, proto::local::LogLevel>& levels() const { return levels_; }
  [[nodiscard]] const std::vector<std::string>& injections() const { return injections_; }
  [[nodiscard]] const RawPeer& peer() const { return peer_; }

 private:
  RawPeer peer_;
  std::string heard_;
  std::map<std::int32_t, proto::local::LogLevel> levels_;
  std::vector<std::string> injections_;
  bool gone_ = false;
  bool greeted_ = false;
};

}  // namespace dlt::test
