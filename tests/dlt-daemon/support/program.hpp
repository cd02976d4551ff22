// The program dlt-daemon that belongs to this build.
#pragma once

#include <filesystem>
#include <string>

namespace dlt::test {

inline std::string program() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "dlt-daemon/dlt-daemon")
      .string();
}

}  // namespace dlt::test
