// The command line of `dlt-daemon cat`. The main thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/command_line.hpp"

namespace dlt::tools {

struct CatOptions {
  std::optional<EarlyEnd> early;
  std::vector<std::string> files;  // "-": stdin
  Selection selection;
  std::optional<std::int64_t> since_us;  // of the storage header's time; both ends belong to the range
  std::optional<std::int64_t> until_us;
  std::uint64_t first = 0;  // of the selected messages of each file (of all, when merged)
  std::uint64_t last = UINT64_MAX;
  std::optional<Format> format;  // nothing: messages are not printed
  std::string output;            // empty: none; "-": stored messages to stdout
  bool count = false;
  bool follow = false;
  bool merge = false;
  bool strict = false;
  bool verbose = false;
};

[[nodiscard]] CatOptions parse_cat(int argc, const char* const* argv, std::int64_t now_us);

}  // namespace dlt::tools
