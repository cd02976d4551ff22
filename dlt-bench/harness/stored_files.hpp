// The files of a daemon's store, in the order in which it has written them. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dlt::bench {

[[nodiscard]] std::vector<std::filesystem::path> stored_files(const std::string& directory);

}  // namespace dlt::bench
