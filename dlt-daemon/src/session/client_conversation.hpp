// What a client's connection says: control requests, whole or in pieces, one or several at a time. No socket: bytes
// come in, the outcome goes out. The io thread's.
#pragma once

#include "dlt/proto/framer.hpp"
#include "route/exchange.hpp"

namespace dlt::daemon {

class ClientConversation {
 public:
  explicit ClientConversation(Exchange& exchange) noexcept : exchange_(exchange) {}

  // Adds what the requests in these bytes lead to. False: this peer does not speak DLT, it is to be disconnected.
  [[nodiscard]] bool on_bytes(proto::Bytes bytes, const Now& now, Outcome& out);

  static constexpr std::uint64_t tolerated_rubbish = 64 * 1024;  // bytes in the life of a connection

 private:
  Exchange& exchange_;
  proto::Framer framer_;
};

}  // namespace dlt::daemon
