// The text that get_software_version answers with: this daemon's own, or that of the whole ECU from a file.
#pragma once

#include <string>
#include <string_view>

namespace dlt::daemon {

// What stands behind `KEY=` at the start of a line, without quotes around it, as in os-release; empty: there is no such
// line. Pure; any thread.
[[nodiscard]] std::string field_of(std::string_view text, std::string_view key);

// `file` empty: this daemon's version. A file that cannot be read, is longer than 4000 bytes (longer answers make
// viewers disconnect) or lacks the field is logged, and this daemon's version is told instead. Reads the file.
[[nodiscard]] std::string software_version(const std::string& file, const std::string& field);

}  // namespace dlt::daemon
