// Ids in configuration files that are longer than ids are: the incumbent cuts them without a word, and so they are cut
// here, but whoever wrote them is told. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "printable.hpp"

namespace dlt::daemon {

inline constexpr std::size_t id_length = 4;

// "'NAVIGATION' is longer than an id and means 'NAVI'". Nothing: it is no longer than that.
inline std::optional<std::string> cut_id(std::string_view id) {
  if (id.size() <= id_length) return std::nullopt;
  return "'" + printable(id, 40) + "' is longer than an id and means '" + printable(id.substr(0, id_length)) + "'";
}

}  // namespace dlt::daemon
