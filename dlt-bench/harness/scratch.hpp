// A directory of our own that goes away with this object. Short paths: a Unix socket's name has 107 bytes.
#pragma once

#include <filesystem>

namespace dlt::bench {

class Scratch {
 public:
  Scratch();  // throws BenchError
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dlt::bench
