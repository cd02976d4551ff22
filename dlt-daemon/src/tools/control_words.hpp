// What came of a control request, in words, as a table or as JSON. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/control_exchange.hpp"

namespace dlt::tools {

// "off", "fatal" ..., "default"; "7" for what is no level.
[[nodiscard]] std::string level_word(std::int8_t level);

// Applications and their contexts in lines below each other; control characters in descriptions are escaped.
[[nodiscard]] std::string list_table(const std::vector<ListedApplication>& list);

// [{"app":"NAVI","description":"…","contexts":[{"context":"ROUT","level":"info","trace":"off","description":"…"}]}]
[[nodiscard]] std::string list_json(const std::vector<ListedApplication>& list);

// "the daemon refuses: …"; for a status that is no success.
[[nodiscard]] std::string refusal_words(proto::control::Status status);

// What a successful request has brought: a version, a level, or that it has been done for so many contexts.
[[nodiscard]] std::string success_words(const ControlExchange& exchange, const std::string& what);
// The same as {"request":"set_log_level","ok":true,"answers":1}, with "value" where there is one, "problem" if not ok.
[[nodiscard]] std::string result_json(const ControlExchange& exchange, const std::string& problem);

}  // namespace dlt::tools
