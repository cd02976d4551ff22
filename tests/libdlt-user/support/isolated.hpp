// Runs a scenario in a process of its own: a session belongs to its process, so each test that starts one gets a fresh
// process. The scenario returns what went wrong, or nothing. The caller must have no other threads.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

namespace dlt::test {

// For scenarios: leaves with the text of what should have held.
inline void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}
template <class A, class B>
void expect_equal(const A& got, const B& wanted, const std::string& what) {
  if (!(got == static_cast<A>(wanted)))
    throw std::runtime_error(what + ": got " + std::to_string(got) + ", wanted " + std::to_string(wanted));
}

// Empty: all held.
[[nodiscard]] inline std::string isolated(const std::function<void()>& scenario) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return "pipe failed";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    ::alarm(120);  // the deadline that guards every wait in the scenario
    std::string wrong;
    try {
      scenario();
    } catch (const std::exception& e) {
      wrong = e.what();
    }
    (void)!::write(pipe[1], wrong.data(), wrong.size());
    ::close(pipe[1]);
    ::_exit(wrong.empty() ? 0 : 1);
  }
  ::close(pipe[1]);
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<std::size_t>(n));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return said + " (ended by signal " + std::to_string(WTERMSIG(status)) + ")";
  if (said.empty() && WEXITSTATUS(status) != 0) return "exit code " + std::to_string(WEXITSTATUS(status));
  return said;
}

}  // namespace dlt::test
