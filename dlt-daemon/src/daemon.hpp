// The whole daemon: opens its sockets, wires the parts, runs the io thread's loop, ends in order.
//
//   start()   locks -> sockets -> (port file)    nothing is touched unless both locks were free
//   run()     serves until stop(); the calling thread is the io thread
//   stop()    no new connections -> receive what has been sent -> clients get it, for at most 1.5 s -> storage writes
//             what is queued (one more try where the disk refuses) -> close -> snapshots that wait, for a second
//
// One object per set of sockets; several may live in one process (tests do that). stop() and reload() from any thread,
// everything else from the io thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "config.hpp"
#include "gateway/node_config.hpp"
#include "lock_file.hpp"
#include "persistence.hpp"
#include "session/hub.hpp"
#include "session/inherited.hpp"
#include "session/listener.hpp"
#include "sink/make_sinks.hpp"
#include "snapshot/own_recording.hpp"
#include "status.hpp"

namespace dlt::daemon {

class Daemon {
 public:
  // What went wrong has been logged, with the path or address, when there is no result.
  // `inherited`: sockets that are open already; for these the configuration's are not opened.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(Config config, Inherited inherited = {});
  ~Daemon();

  void run();
  void stop();
  // Applies what can change at run time and logs which changes have to wait for a restart. What there is no memory for
  // is tried again. Any thread.
  void reload(const Config& fresh);
  // For whoever waits for something on io(): called after an event there ended early, as often as it throws.
  void on_revive(std::function<void()> wait_again) { wait_again_ = std::move(wait_again); }
  [[nodiscard]] asio::io_context& io() noexcept { return io_; }
  [[nodiscard]] Hub& hub() noexcept { return hub_; }  // the io thread's
  // With every default filled in.
  [[nodiscard]] const Config& config() const noexcept { return config_; }
  [[nodiscard]] std::uint16_t client_port() const noexcept { return client_port_; }
  [[nodiscard]] std::uint16_t app_port() const noexcept { return app_port_; }
  [[nodiscard]] std::string status();
  // Of every application that has a flight recorder. Throws std::bad_alloc. The io thread's.
  void take_snapshots(std::string_view reason);
  // The same in half a line, for systemd. The io thread's.
  [[nodiscard]] std::string summary() const;

 private:
  using Locks = std::vector<LockFile>;  // of the sockets and of the FIFO

  Daemon(Config config, Inherited inherited, Locks locks);
  [[nodiscard]] Control::Options control_options(const Config& config, const std::vector<gateway::NodeConfig>& nodes);

  static Result<Locks> lock(const Config& config, const Inherited& inherited);
  std::error_code open();
  std::error_code open_applications();
  std::error_code open_clients();
  std::error_code open_control();
  std::error_code open_status();
  std::error_code open_legacy();
  Result<Fd> listen_unix(const std::string& path, unsigned mode, const std::string& group);
  void listen(Fd socket, Listener::Accepted accepted);
  void begin_end();
  void wait_for_snapshots();
  void revive();
  bool run_a_moment();
  void end_step();
  void apply();
  void try_apply(const Config& fresh);
  void tell_levels(const Config& before);

  Config config_;
  Inherited inherited_;  // its sockets until open(), its paths for good
  const Locks locks_;    // as long as the sockets are ours
  const Clock::time_point started_ = Clock::now();
  const Persistence persistence_;
  std::vector<gateway::NodeConfig> nodes_;  // passive ones
  Pool pool_;
  asio::io_context io_{1};
  Exchange exchange_;
  Snapshots snapshots_;
  Hub hub_;
  Sinks sinks_;
  OwnRecording recording_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::string> bound_;                                         // Unix sockets that are ours to delete
  const std::shared_ptr<void> status_tickets_ = std::make_shared<int>(0);  // one more owner for each open question
  std::uint16_t client_port_ = 0;
  std::vector<std::string> client_addresses_;  // where clients are served
  std::uint16_t app_port_ = 0;
  asio::steady_timer snapshot_timer_;  // of the interval
  asio::steady_timer end_timer_;
  std::optional<Clock::time_point> end_deadline_;  // set while ending
  std::shared_ptr<const Config> reload_;           // until it is applied
  std::function<void()> wait_again_;
};

}  // namespace dlt::daemon
