#include "harness/profiler.hpp"

#include <catch2/catch.hpp>
#include <sstream>

using namespace dlt::bench;

TEST_CASE("samples become one line per stack, outermost first, with how often it was seen") {
  std::istringstream script(
      "dlt-bench \n"
      "\t    55d0 dlt::info<int>(int; char)\n"
      "\t    55d1 main\n"
      "\n"
      "dlt-bench \n"
      "\t    55d0 dlt::info<int>(int; char)\n"
      "\t    55d1 main\n"
      "\n"
      "dlt sender \n"
      "\t    77aa __sendmsg\n");

  CHECK(fold_stacks(script) ==
        "dlt sender;__sendmsg 1\n"
        "dlt-bench;main;dlt::info<int>(int: char) 2\n");
}

TEST_CASE("no samples, no lines") {
  std::istringstream nothing("");
  CHECK(fold_stacks(nothing).empty());
}

TEST_CASE("a process that is not there gives no profile, and the reason is told") {
  constexpr pid_t nobody = 0x3fffffff;  // above every limit of the kernel

  Profiler profiler(nobody);

  CHECK_FALSE(profiler.complaint().empty());
  CHECK(profiler.finish("/nonexistent", "x").find("no CPU profile") == 0);
}
