// The message that stands for repetitions which were left out.
//
//   "the message before came 37 times more"     verbose, level info, of the context itself, without a session
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "dlt/proto/ids.hpp"

namespace dlt::daemon {

[[nodiscard]] std::vector<std::byte> repetition_note(EcuId ecu, AppId app, ContextId context, std::uint64_t times,
                                                     std::uint32_t timestamp);

}  // namespace dlt::daemon
