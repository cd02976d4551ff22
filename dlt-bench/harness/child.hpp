// A process that we started and that we end, by its pid. Owns the pid and one end of a socket pair (the child's fd 3)
// over which both sides send lines. The destructor ends what still runs. One thread at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dlt::bench {

using Seconds = std::chrono::duration<double>;

struct ChildOptions {
  std::vector<std::string> arguments;                            // the first is the program
  std::vector<std::pair<std::string, std::string>> environment;  // on top of ours; an empty value removes
  std::string stderr_file;                                       // empty: ours
  int network = -1;                                              // a NetNamespace's descriptor to live in; -1: ours
  std::string clocks{};  // for /proc/self/timens_offsets: clocks of its own, where the kernel has that; empty: ours
};

class Child {
 public:
  // Throws BenchError when the program cannot be started.
  [[nodiscard]] static Child start(const ChildOptions& options);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  void send(const std::string& line);
  // Waits for a line. Calls `watch` about ten times a second (it may throw). Throws when the limit passes or the child
  // ends.
  [[nodiscard]] std::string receive(Seconds limit, const std::function<void()>& watch = {});

  // Lines that begin with "live " tell how a child stands; receive() hands them over instead of returning them, and
  // drain() takes those that have come.
  void on_live(std::function<void(const std::string&)> hear) { hear_ = std::move(hear); }
  void drain();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // The exit status as waitpid tells it, without waiting; nothing while it runs.
  [[nodiscard]] std::optional<int> ended();
  // Sends a signal and waits; SIGKILL after the limit. Returns the exit status.
  int stop(int signal, Seconds limit);
  void signal(int number) const;

 private:
  Child() = default;
  void kill_and_forget() noexcept;
  // The next whole line that is not a live one.
  [[nodiscard]] std::optional<std::string> next_line();
  // Reads what has come; false when the child has closed its end.
  bool read_more();

  std::string name_;
  pid_t pid_ = -1;
  int fd_ = -1;
  std::optional<int> status_;
  std::string received_;
  std::function<void(const std::string&)> hear_;
};

// "exit code 3", "signal 9".
[[nodiscard]] std::string describe_status(int status);

}  // namespace dlt::bench
