#include "session/client_conversation.hpp"

#include <cassert>

namespace dlt::daemon {

void ClientConversation::on_bytes(proto::Bytes bytes) {
  assert(!busy() && "a framer drops what it has not read yet when it is fed again");
  input_.assign(bytes.begin(), bytes.end());
  framer_.feed(input_);
}

bool ClientConversation::next(const Now& now, Outcome& out) {
  if (!busy()) return false;
  const auto garbage = garbage_bytes();
  const auto frame = framer_.next();
  exchange_.garbage_bytes += garbage_bytes() - garbage;
  if (frame) exchange_.control.handle(frame->bytes, now.uptime, out);
  else input_ = {};
  return frame.has_value();
}

}  // namespace dlt::daemon
