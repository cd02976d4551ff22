#include "harness/stored_files.hpp"

#include <algorithm>

namespace dlt::bench {

std::vector<std::filesystem::path> stored_files(const std::string& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".dlt") || name.ends_with(".dlt.zst")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace dlt::bench
