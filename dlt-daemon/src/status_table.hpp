// The document of status.hpp as a table for people. Pure; any thread.
#pragma once

#include <string>

namespace dlt::daemon {

// Ends with what is wrong if the document lacks something, or is none.
[[nodiscard]] std::string status_table(const std::string& json);

}  // namespace dlt::daemon
