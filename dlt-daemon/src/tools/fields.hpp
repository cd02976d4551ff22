// The named values of a message: what structured logging wrote.
//
//   DLT_WARN(route, "detour", dlt::kv("reason", "works"), dlt::kv("pos", position))
//   arguments  "detour"  "reason=" "works"  "pos=" "pos.lat=" 52.5 "pos.lon=" 13.4
//   fields     reason: "works", pos.lat: 52.5, pos.lon: 13.4
//
// A key is a text argument of letters, digits, '_', '.', '-' with '=' at its end, and names the argument behind it; a
// key that is only the heading of longer ones ("pos=" before "pos.lat=") names nothing. An argument that carries its
// own name (VARI) is a field as well. Where a key comes twice, the later value counts. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "dlt/proto/message.hpp"

namespace dlt::tools {

struct Field {
  std::string_view key;
  proto::Argument value;  // both live as long as the message
};

// In the order in which the keys came first.
[[nodiscard]] std::vector<Field> fields_of(const proto::MessageView& message);

}  // namespace dlt::tools
