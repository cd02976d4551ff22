// A test that cannot be run on this machine, or in this build, does not pass: ctest shows it as skipped, with the
// reason.
#pragma once

#include <string>

namespace dlt::test {

// Prints the reason; the test returns right after it, or goes on with what can be run. Where nothing failed, the test
// binary ends with `skipped_code` then (main.cpp). The test's main thread.
void skip(const std::string& why);
[[nodiscard]] bool was_skipped() noexcept;  // since the program began

inline constexpr int skipped_code = 77;  // SKIP_RETURN_CODE in CMakeLists.txt

}  // namespace dlt::test
