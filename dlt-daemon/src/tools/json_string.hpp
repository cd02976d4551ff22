// Appending a text as a JSON string. What is not UTF-8 is replaced by U+FFFD. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace dlt::tools {

void append_json_string(std::string& out, std::string_view text);

}  // namespace dlt::tools
