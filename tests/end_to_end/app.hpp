// The test's end of app.cpp: one application process that logs what it is told.
// The test's main thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "support/child.hpp"
#include "support/daemon.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

// What the application's library says about its messages.
struct Books {
  std::map<std::string, std::uint64_t> by_name;
  [[nodiscard]] std::uint64_t operator[](const std::string& name) const { return by_name.at(name); }
  [[nodiscard]] std::uint64_t dropped() const;
  [[nodiscard]] bool close() const;  // the library's own check, and ours with the totals
};

class App {
 public:
  using Environment = std::map<std::string, std::string>;

  explicit App(const Daemon& daemon, Environment environment = {});
  explicit App(const Environment& environment);  // names the daemon itself

  // Gives a command (see app.cpp) and returns its answer without the command's name; throws when none comes.
  std::string ask(const std::string& command, std::chrono::milliseconds limit = patience);
  // Waits for a line that nobody asked for and returns what follows its first word.
  std::string told(const std::string& word, std::chrono::milliseconds limit = patience);
  Books books();
  void wait_until_connected(unsigned connects = 1);
  // "quit", then its exit code.
  std::optional<int> quit();

  [[nodiscard]] Child& process() { return child_; }

 private:
  TempDir dir_;
  Child child_;
  std::map<std::string, std::size_t> seen_;  // by first word: how many such lines were used
};

// One buffer for all levels: without urgent ones that overtake, messages arrive in the order of the calls.
inline const App::Environment in_order{{"DLT_USER_NUM_BUFFERS", "1"}};

}  // namespace dlt::test
