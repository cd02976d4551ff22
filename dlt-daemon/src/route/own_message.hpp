// A line of text as a message of the daemon's: verbose, one argument, without a session, because no process of an
// application says it. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dlt/proto/ids.hpp"

namespace dlt::daemon {

struct MessageOf {
  EcuId ecu;
  AppId app;
  ContextId context;
};

// `level`: 1 (fatal) to 6 (verbose); `timestamp`: 0.1 ms since boot. Of `text` the first 8 KiB.
[[nodiscard]] std::vector<std::byte> own_message(const MessageOf& of, std::uint8_t level, std::string_view text,
                                                 std::uint32_t timestamp);

}  // namespace dlt::daemon
