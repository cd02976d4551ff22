// A CPU profile of another process: `perf record` beside it, its samples as folded stacks ("main;run;log 42") in a
// file, which flame graph programs read. One thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "harness/child.hpp"
#include "harness/scratch.hpp"

namespace dlt::bench {

class Profiler {
 public:
  // Starts to sample `pid`, all its threads. Where that is not possible complaint() says why, and the rest does
  // nothing.
  explicit Profiler(pid_t pid);

  // Ends the sampling and writes DIRECTORY/NAME.folded. Returns a sentence for the report.
  [[nodiscard]] std::string finish(const std::string& directory, const std::string& name);
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  Scratch scratch_;
  std::optional<Child> perf_;
  std::string complaint_;
};

// What `perf script` prints, folded: one line per stack, outermost function first, with how often it was seen.
[[nodiscard]] std::string fold_stacks(std::istream& script);

}  // namespace dlt::bench
