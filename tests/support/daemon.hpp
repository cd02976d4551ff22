// A dlt-daemon of a test's own: private folder, Unix socket for applications, a port for clients that the kernel
// chooses. The test's main thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

class Daemon {
 public:
  using Settings = std::map<std::string, std::string>;  // keys of dlt-daemon.conf

  // `program` is the binary; start() starts it.
  explicit Daemon(std::string program, Settings settings = {});

  // For the next start.
  void set(const std::string& key, const std::string& value) { settings_[key] = value; }

  // Programs in front of the daemon's command line, for the next start: strace, unshare, setpriv.
  void wrap(std::vector<std::string> before) { before_ = std::move(before); }

  // Returns when clients and applications can connect. Throws std::runtime_error with what it said if that fails.
  void start();
  // SIGTERM; its exit code, nothing if it had to be killed.
  std::optional<int> stop();
  // SIGKILL, then gone.
  void kill();

  [[nodiscard]] Child& process() { return *child_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string port_text() const { return std::to_string(port_); }
  [[nodiscard]] std::string address() const { return "unix:" + (dir_ / "app.sock"); }  // for DLT_DAEMON_ADDRESS
  [[nodiscard]] const std::string& program() const { return program_; }
  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] std::string log() const { return read_file(dir_ / "log"); }

 private:
  TempDir dir_;
  std::string program_;
  Settings settings_;
  std::vector<std::string> before_;
  std::unique_ptr<Child> child_;
  std::uint16_t port_ = 0;
};

}  // namespace dlt::test
