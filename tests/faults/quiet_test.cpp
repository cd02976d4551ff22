// After a thread's first message a log call makes no system call, on strace's word, and asks for no memory (F33).
#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // strace and they do not go together

namespace dlt::test {

TEST_CASE("40,000 log calls make no system call", "[F33]") {
  TempDir dir;
  const auto outcome = run({"strace", "-f", "-o", dir / "calls", std::string(DLT_FAULT_APPS) + "/quiet", "10000"},
                           {{"DLT_DAEMON_ADDRESS", "unix:" + (dir / "nobody")}});
  INFO(outcome.out);
  REQUIRE(outcome.code == 0);

  std::istringstream calls(read_file(dir / "calls"));
  std::string thread;
  std::vector<std::string> between;
  int marks = 0;
  for (std::string line; std::getline(calls, line);) {
    if (line.find("getppid resumed") != std::string::npos) continue;
    if (line.find("getppid(") != std::string::npos) {
      thread = line.substr(0, line.find(' '));
      ++marks;
    } else if (marks == 1 && line.substr(0, line.find(' ')) == thread) {
      between.push_back(line);
    }
  }
  REQUIRE(marks == 2);
  CHECK(between == std::vector<std::string>{});
}

TEST_CASE("40,000 log calls ask for no memory", "[F33]") {
  const TempDir dir;
  const std::string apps = DLT_FAULT_APPS;
  const auto outcome = run({apps + "/quiet", "10000"},
                           {{"DLT_DAEMON_ADDRESS", "unix:" + (dir / "nobody")}, {"LD_PRELOAD", apps + "/starve.so"}});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == "0 requests\n");
}

}  // namespace dlt::test

#endif
