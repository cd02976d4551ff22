#include "session/client_conversation.hpp"

namespace dlt::daemon {

bool ClientConversation::on_bytes(proto::Bytes bytes, const Now& now, Outcome& out) {
  framer_.feed(bytes);
  while (const auto frame = framer_.next()) exchange_.control.handle(frame->bytes, now.uptime, out);
  return framer_.skipped_bytes() <= tolerated_rubbish;
}

}  // namespace dlt::daemon
