// What a client's connection says: control requests, whole or in pieces, one or several at a time. No socket: bytes
// come in, outcomes go out, one for each request, so that whoever sends the answers can let the next request wait.
//
//   on_bytes() -> next() -> next() ... until it is false -> on_bytes() ...
//
// The io thread's.
#pragma once

#include <vector>

#include "dlt/proto/framer.hpp"
#include "route/exchange.hpp"

namespace dlt::daemon {

class ClientConversation {
 public:
  explicit ClientConversation(Exchange& exchange) noexcept : exchange_(exchange) {}

  // Keeps a copy of the bytes until they have been understood. Only after next() has returned false.
  void on_bytes(proto::Bytes bytes);
  // Adds what the next request leads to. False: more bytes are needed.
  [[nodiscard]] bool next(const Now& now, Outcome& out);

  // Requests may be waiting for next().
  [[nodiscard]] bool busy() const noexcept { return !input_.empty(); }
  // Bytes that were part of no frame; they are counted in the exchange as well.
  [[nodiscard]] std::uint64_t garbage_bytes() const noexcept { return framer_.skipped_bytes(); }
  // False: this peer does not speak DLT, it is to be disconnected.
  [[nodiscard]] bool makes_sense() const noexcept { return garbage_bytes() <= tolerated_rubbish; }

  static constexpr std::uint64_t tolerated_rubbish = 64 * 1024;  // bytes in the life of a connection

 private:
  Exchange& exchange_;
  std::vector<std::byte> input_;  // what the framer reads; no memory while nothing is there
  proto::Framer framer_;
};

}  // namespace dlt::daemon
