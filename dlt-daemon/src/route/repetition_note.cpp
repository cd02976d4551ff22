#include "route/repetition_note.hpp"

#include <string>

#include "route/own_message.hpp"

namespace dlt::daemon {

std::vector<std::byte> repetition_note(EcuId ecu, AppId app, ContextId context, std::uint64_t times,
                                       std::uint32_t timestamp) {
  constexpr std::uint8_t info = 4;
  const std::string text =
      "the message before came " + std::to_string(times) + (times == 1 ? " time more" : " times more");
  return own_message({ecu, app, context}, info, text, timestamp);
}

}  // namespace dlt::daemon
