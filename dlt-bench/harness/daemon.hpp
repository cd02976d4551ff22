// The daemon that a measurement talks to: a private one in a directory of its own, ports chosen by the kernel, ended by
// its pid with this object; or a running one that is only asked. One thread at a time.
#pragma once

#include <signal.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "case.hpp"
#include "harness/child.hpp"
#include "harness/scratch.hpp"

namespace dlt::bench {

enum class Store { none, plain, zstd };

// A private daemon that is not as they all are.
struct DaemonPlan {
  Store store = Store::none;
  bool tcp_for_applications = false;
  int network = -1;       // a NetNamespace's descriptor: there it listens at every address, at fixed ports
  std::string more = {};  // lines of its configuration
};
inline constexpr std::uint16_t network_client_port = 3490, network_application_port = 3491;

// What the daemon says of itself, cumulative since its start.
struct DaemonStatus {
  pid_t pid = 0;
  std::string version;
  std::uint16_t client_port = 0;
  std::uint16_t application_port = 0;  // 0: no TCP for applications
  std::uint64_t received = 0;          // messages, of all applications
  std::uint64_t received_bytes = 0;
  std::uint64_t garbage_bytes = 0;
  std::uint64_t client_sent = 0;  // messages, of the clients that are connected
  std::uint64_t client_dropped = 0;
  std::uint64_t stored = 0;
  std::uint64_t store_dropped = 0;
  std::uint64_t connections = 0;  // of applications that are there
  std::uint64_t refused = 0;      // whatever was refused, for whatever reason
};

class Daemon {
 public:
  // Starts one. Throws BenchError with what it said when it does not come up.
  [[nodiscard]] static Daemon start(Store store, bool tcp_for_applications);
  [[nodiscard]] static Daemon start(const DaemonPlan& plan);
  // Uses the one that `load` names.
  [[nodiscard]] static Daemon attach(const Load& load);

  [[nodiscard]] const std::string& unix_address() const noexcept { return address_; }  // of a running one: as given
  [[nodiscard]] std::string tcp_address() const;
  [[nodiscard]] std::uint16_t client_port() const noexcept { return client_port_; }
  [[nodiscard]] std::string store_directory() const;
  // Where the files of a private one lie; its configuration may name files there.
  [[nodiscard]] const std::filesystem::path& directory() const { return scratch_->path(); }
  [[nodiscard]] bool is_private() const noexcept { return child_.has_value(); }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  // Asks over the control socket. Throws BenchError when it does not answer.
  [[nodiscard]] DaemonStatus status();
  [[nodiscard]] std::string status_text();  // as it says it: JSON
  // Throws BenchError when it has ended: the message says how and what it said last.
  void check_alive();
  // Private ones only: SIGSTOP and SIGCONT; SIGTERM and wait (throws when it does not end well).
  void pause() { child_->signal(SIGSTOP); }
  void resume() { child_->signal(SIGCONT); }
  void stop();
  // Private ones only: ended at once, as by a crash; started again in the same folder, not waited for.
  void kill();
  void start_again();
  // Nothing while nobody answers. Throws BenchError when it has ended.
  [[nodiscard]] std::optional<DaemonStatus> status_if_up();

 private:
  Daemon() = default;
  int network_ = -1;
  void launch();
  void wait_ready();
  [[nodiscard]] std::string last_words() const;

  std::unique_ptr<Scratch> scratch_;
  std::optional<Child> child_;
  std::string address_;
  std::string control_;
  std::uint16_t client_port_ = 0;
  std::uint16_t application_port_ = 0;
  pid_t pid_ = 0;
  bool seen_running_ = false;  // a running one: its process is where we can see it
};

// Our dlt-daemon: $DLT_BENCH_DAEMON, beside dlt-bench, in the build tree beside it, or in PATH when it is ours (the
// incumbent's has the same name). Throws BenchError when there is none.
[[nodiscard]] std::string find_daemon();
// Whether it knows --status, which the incumbent's daemon does not.
[[nodiscard]] bool is_our_daemon(const std::string& program);

}  // namespace dlt::bench
