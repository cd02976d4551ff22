// What a process holds, as its kernel counts it: for tests that demand that it does not grow.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace dlt::test {

struct Resources {
  std::uint64_t descriptors = 0;
  std::uint64_t threads = 0;
  std::uint64_t mappings = 0;
  std::uint64_t resident_kib = 0;

  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << descriptors << " descriptors, " << threads << " threads, " << mappings << " mappings, " << resident_kib
        << " KiB";
    return out.str();
  }
};

// `process`: a pid, or "self". A descriptor that counts the others is not counted.
[[nodiscard]] inline Resources resources_of(const std::string& process = "self") {
  const std::filesystem::path proc = "/proc/" + process;
  const auto entries = [&](const char* folder) {
    std::error_code gone;
    return static_cast<std::uint64_t>(std::distance(std::filesystem::directory_iterator(proc / folder, gone), {}));
  };
  Resources r;
  r.descriptors = entries("fd") - (process == "self" ? 1 : 0);
  r.threads = entries("task");
  std::ifstream maps(proc / "maps");
  for (std::string line; std::getline(maps, line);) ++r.mappings;
  std::ifstream status(proc / "status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) r.resident_kib = std::stoull(line.substr(6));
  return r;
}

}  // namespace dlt::test
