// A program that a test starts, talks to by signal, and ends by its pid. It never outlives the test: its owner's end
// kills it, and so does the kernel when the test's process dies. The test's main thread only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/deadline.hpp"

namespace dlt::test {

class Child {
 public:
  struct Setup {
    std::vector<std::string> command{};                // the program, then its arguments; found through PATH
    std::map<std::string, std::string> environment{};  // in addition to the test's own
    std::string out{};                                 // file for stdout; empty: /dev/null
    std::string err{};                                 // file for stderr; empty: the test's own
    bool with_input = false;                           // say() writes to its stdin
  };

  // Throws std::runtime_error where the program cannot be started: a missing tool fails the test that needs it.
  explicit Child(const Setup& setup);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void send(int signal) const;
  void say(const std::string& line) const;
  void end_input();  // what it reads from stdin has ended

  // Its exit code, 128 + n where signal n ended it; nothing when it still runs at the limit.
  std::optional<int> wait(std::chrono::milliseconds limit = patience);
  // SIGTERM (or another) and wait(); SIGKILL at the limit.
  std::optional<int> stop(int signal, std::chrono::milliseconds limit = patience);
  std::optional<int> stop();

 private:
  void reap(int options);

  pid_t pid_ = -1;
  int input_ = -1;
  std::optional<int> status_;
};

// Runs a program to its end: exit code and what it printed on stdout and stderr together.
struct Outcome {
  int code = -1;  // -1: killed at the limit
  std::string out;
};
Outcome run(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment = {},
            std::chrono::milliseconds limit = patience);

}  // namespace dlt::test
