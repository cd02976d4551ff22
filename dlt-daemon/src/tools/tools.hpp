// The tools in the program `dlt-daemon`: `dlt-daemon receive`, `cat`, `control`.
#pragma once

#include <optional>

namespace dlt::tools {

// Runs the tool that the first argument names, to its exit code: 0 done, 1 something failed at run time, 2 wrong usage.
// Nothing: the first argument names none.
[[nodiscard]] std::optional<int> run_tool(int argc, const char* const* argv);

// Each is called with its own name as argv[0].
[[nodiscard]] int receive(int argc, const char* const* argv);
[[nodiscard]] int cat(int argc, const char* const* argv);
[[nodiscard]] int control(int argc, const char* const* argv);

}  // namespace dlt::tools
