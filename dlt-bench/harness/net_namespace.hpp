// A network of its own, without a name: it exists as long as this object or a process in it, and with it everything
// that was made there (links, queues, rules). So a program that is interrupted or killed leaves nothing behind: its
// workers end with it (see Child), and the kernel takes the network away.
//
// The calling thread stays where it is; a thread of its own makes the namespace. Needs root. One thread at a time.
#pragma once

#include <string>
#include <vector>

namespace dlt::bench {

class NetNamespace {
 public:
  NetNamespace();  // throws CannotRunHere
  NetNamespace(NetNamespace&& other) noexcept;
  NetNamespace& operator=(NetNamespace&&) = delete;
  ~NetNamespace();

  [[nodiscard]] int fd() const noexcept { return fd_; }
  // Where other processes find it, while this one lives: /proc/PID/fd/N, which `ip` takes where it wants a name.
  [[nodiscard]] std::string path() const;

  // Runs a program in it and waits. Throws BenchError with the program's own words when it fails.
  void run(const std::vector<std::string>& words) const;
  // The same with a text that the program reads from a file, the last of its words.
  void run_file(std::vector<std::string> words, const std::string& text) const;
  // What it prints; empty when it fails.
  [[nodiscard]] std::string output(const std::string& shell_command) const;

 private:
  int fd_ = -1;
};

}  // namespace dlt::bench
