// Texts of messages as JSON, CBOR and CSV have them: UTF-8; what is none is replaced by U+FFFD. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace dlt::tools {

// In quotes, escaped.
void append_json_string(std::string& out, std::string_view text);
// As it is.
[[nodiscard]] std::string utf8(std::string_view text);

}  // namespace dlt::tools
