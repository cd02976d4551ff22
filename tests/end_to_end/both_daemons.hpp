// Our daemon and the incumbent's (COVESA's dlt-daemon 2.18.8, as packaged), each in a folder of its own, started by the
// same command line with the same dlt.conf, so that a program can be run against both and what it shows be compared.
// masked.hpp has what may differ. The test's main thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

inline const std::string examples = "/usr/lib/libdlt-examples/";

class Side {
 public:
  enum class Which { ours, incumbent };
  // More lines of dlt.conf. A value that begins with "./" is a folder in the daemon's own, which is made.
  using Settings = std::map<std::string, std::string>;

  // Returns when applications and clients are served. Throws std::runtime_error with what it said if that fails.
  explicit Side(Which which, const Settings& settings = {});

  [[nodiscard]] std::string name() const { return which_ == Which::ours ? "ours" : "the incumbent"; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string port_text() const { return std::to_string(port_); }
  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] std::string operator/(const std::string& file) const { return dir_ / file; }

  // For programs on the old library: where its FIFO is.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  // A program on the old library, any other program of this daemon's: prints into a file of the folder, line by line.
  [[nodiscard]] Child::Setup setup(std::vector<std::string> command, const std::string& file) const;

  // A client that prints into a file of the folder line by line; the port and host come last on its command line.
  [[nodiscard]] Child::Setup client_setup(std::vector<std::string> command, const std::string& file) const;
  Outcome control(std::vector<std::string> options) const;  // dlt-control

  [[nodiscard]] std::string text(const std::string& file) const { return read_file(dir_ / file); }
  // Waits until a file of the folder has this text.
  [[nodiscard]] bool shows(const std::string& file, const std::string& what) const;

  // Whether it lists this application. Asked over the socket for control, which is no client to it.
  [[nodiscard]] bool knows(const std::string& app) const;

  // It does nothing for a while: SIGSTOP, SIGCONT.
  void pause() const;
  void go_on() const;
  // SIGTERM, and gone.
  void stop() { static_cast<void>(child_->stop()); }

 private:
  [[nodiscard]] bool try_start();
  [[nodiscard]] bool serves() const;

  Which which_;
  TempDir dir_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> child_;
};

struct BothDaemons {
  Side ours;
  Side incumbent;

  explicit BothDaemons(const Side::Settings& settings = {})
      : ours(Side::Which::ours, settings), incumbent(Side::Which::incumbent, settings) {}

  [[nodiscard]] std::vector<const Side*> sides() const { return {&ours, &incumbent}; }

  // A program on the old library, once with each daemon, to its end. Throws std::runtime_error where it fails.
  void run_application(const std::vector<std::string>& command) const;
  // dlt-adaptor-stdin with these lines, context LINE. It is there until both daemons have answered its registration:
  // the incumbent loses what was logged by one that is not.
  void log_lines(const std::string& app, const std::vector<std::string>& lines) const;
  // Programs on the old library that log each kind of message, one program after the other: `messages_of_each_kind` in
  // all, the last one is END.
  void log_each_kind() const;
  static constexpr std::size_t messages_of_each_kind = 300 + 3 + 8 + 3 + 3 + 6;
};

}  // namespace dlt::test
