// Reads the configuration file, if it is one that may be believed.
//
// Whoever may write to it decides where this process writes, so it is refused if everybody may, or if somebody other
// than root and this user put a symbolic link in its place. Any thread.
#pragma once

#include <cstddef>
#include <string>

namespace dlt::daemon {

inline constexpr std::size_t config_size_limit = 1 << 20;  // bytes

struct ConfigFile {
  std::string text;
  std::string problem;  // why it cannot be used, with its name
  std::string warning;  // it can, but somebody else can change it
};
[[nodiscard]] ConfigFile read_config_file(const std::string& path);

}  // namespace dlt::daemon
