// All connections of the daemon, and what happens between them.
//
//   applications --receive--> Exchange --route--> clients, storage
//         ^                                          |
//         +------ paused while a sink holds back ----+
//
// Owns the sessions. Nobody is read while the hub is paused; it looks again when a sink has drained, and at short
// intervals because a sink may only ask for a limited time. The io thread's.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "session/app_session.hpp"
#include "session/client_session.hpp"
#include "session/read_buffer.hpp"

namespace dlt::daemon {

class Hub {
 public:
  struct Options {
    Hold::Limits client;  // of each client's outbox
    Clock::duration client_timeout = std::chrono::seconds(10);
    std::size_t max_clients = 32;
    std::size_t max_applications = 1024;
    bool send_time = false;  // control-time messages each second
  };

  Hub(asio::io_context& io, Exchange& exchange, Pool& pool, Options options);

  // Connections that have been accepted. Beyond the maximum they are closed at once.
  void add_application(Fd socket);
  void add_client(Fd socket, std::string peer);

  // For sessions and sinks.
  [[nodiscard]] asio::io_context& io() noexcept { return io_; }
  [[nodiscard]] Exchange& exchange() noexcept { return exchange_; }
  [[nodiscard]] ReadBuffer& read_buffer() noexcept { return read_buffer_; }
  [[nodiscard]] Hold::Limits client_limits() const noexcept { return options_.client; }
  [[nodiscard]] Clock::duration client_timeout() const noexcept { return options_.client_timeout; }
  [[nodiscard]] static Now now() noexcept;
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  [[nodiscard]] bool reading() const noexcept { return !paused_ && !stopped_; }
  void routed();   // messages have been given to the sinks
  void drained();  // a sink has more room than before
  void send(const std::vector<LevelPush>& levels);
  void apply(ClientSession& client, Outcome& outcome);
  void forget(AppSession& session);
  void forget(ClientSession& session);

  // For an orderly end: applications are read by drain_applications() only, which takes what they have sent already and
  // returns false if a sink holds back before all of it is taken.
  void stop_reading() noexcept { stopped_ = true; }
  bool drain_applications();
  // True when no client is owed anything.
  [[nodiscard]] bool clients_have_all() const noexcept;
  void close();
  void reconfigure(const Options& options) { options_ = options; }

  [[nodiscard]] const std::map<SessionId, std::shared_ptr<AppSession>>& applications() const noexcept { return apps_; }
  [[nodiscard]] const std::vector<std::shared_ptr<ClientSession>>& clients() const noexcept { return clients_; }

 private:
  void look_again();
  void tell_log_state(std::int8_t state);
  void tick_each_second();

  asio::io_context& io_;
  Exchange& exchange_;
  Options options_;
  ReadBuffer read_buffer_;
  std::map<SessionId, std::shared_ptr<AppSession>> apps_;
  std::vector<std::shared_ptr<ClientSession>> clients_;
  SessionId last_session_ = 0;
  asio::steady_timer hold_timer_;
  asio::steady_timer second_timer_;  // runs while there are clients
  bool paused_ = false;              // a sink holds back
  bool stopped_ = false;             // the daemon ends
};

}  // namespace dlt::daemon
