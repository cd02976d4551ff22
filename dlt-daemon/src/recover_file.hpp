// `dlt-daemon --recover FILE`: what is whole in a stored file, damaged or not, as a plain .dlt file on stdout.
#pragma once

#include <string>

namespace dlt::daemon {

// The exit code: 0 also where something was damaged, which is told on stderr; 1 if the file cannot be read, or has no
// message in it at all.
[[nodiscard]] int recover_file(const std::string& path);

}  // namespace dlt::daemon
