#include "harness/scratch.hpp"

#include <cstdlib>
#include <string>

#include "harness/error.hpp"

namespace dlt::bench {

Scratch::Scratch() {
  std::string pattern = (std::filesystem::temp_directory_path() / "dlt-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw BenchError("cannot make a directory " + pattern);
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;  // a directory that stays is no reason to fail
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace dlt::bench
