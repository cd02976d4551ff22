// The levels that a client's store_config keeps over a restart, in the incumbent's two files.
//
//   dlt-runtime-application.cfg   APID:description:
//   dlt-runtime-context.cfg       APID:CTID:log level:trace status:description:      -1: the default
//
// What is stored decides the level of a context when it registers, whatever it asks for. Lines that make no sense are
// passed over. Pure; the io thread's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "dlt/proto/ids.hpp"

namespace dlt::daemon {

class Registry;

struct StoredLevel {
  std::int8_t level = -1;
  std::int8_t trace = -1;
  std::string description;

  friend bool operator==(const StoredLevel&, const StoredLevel&) = default;
};
using StoredLevels = std::map<std::pair<AppId, ContextId>, StoredLevel>;

// Reads a context file; at most `limit` contexts of it.
[[nodiscard]] StoredLevels parse_levels(std::string_view context_file, std::size_t limit);

// What was stored before, and the present levels of every context that is registered now.
[[nodiscard]] StoredLevels levels_to_store(const Registry& registry);

[[nodiscard]] std::string context_file(const StoredLevels& levels);
[[nodiscard]] std::string application_file(const StoredLevels& levels, const Registry& registry);

}  // namespace dlt::daemon
