// All connections of the daemon, and what happens between them.
//
//   applications --receive--> Exchange --route--> clients, storage
//         ^                                          |
//         +------ paused while a sink holds back ----+
//
// Owns the sessions. Nobody is read while the hub is paused; it looks again when a sink has drained, and at short
// intervals because a sink may only ask for a limited time. The io thread's.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "gateway/gateway.hpp"
#include "session/app_session.hpp"
#include "session/broken_links.hpp"
#include "session/broken_off.hpp"
#include "session/client_session.hpp"
#include "session/fifo_session.hpp"
#include "session/read_buffer.hpp"
#include "snapshot/snapshots.hpp"

namespace dlt::daemon {

class Hub {
 public:
  struct Options {
    Hold::Limits client;  // of each client's outbox
    Clock::duration client_timeout = std::chrono::seconds(10);
    Clock::duration storage_stall = std::chrono::seconds(1);  // how long storage may hold applications back
    std::size_t max_clients = 32;
    std::size_t max_applications = 1024;
    std::size_t max_applications_per_user = 1024;
    std::size_t max_handshakes = 256;  // application connections that have not said anything sensible
    Clock::duration handshake_timeout = std::chrono::seconds(30);
    std::uint64_t application_rate = 0;  // bytes a second from one connection; 0: no limit
    std::uint64_t application_burst = 0;
    bool send_time = false;      // control-time messages each second
    bool send_version = false;   // to each client that connects, and each minute
    bool send_timezone = false;  // likewise
    bool serial_headers = false;
    std::chrono::seconds peer_timeout{30};  // a node that vanished without a word is disconnected by then
  };

  // `snapshots` outlives it.
  Hub(asio::io_context& io, Exchange& exchange, Pool& pool, Options options, Snapshots& snapshots);

  // Connections that have been accepted. Beyond the maximum they are closed at once, but for handshakes: there the
  // oldest has to go, because who means it says so at once.
  void add_application(Fd socket);
  void add_client(Fd socket, std::string peer, ClientSession::Kind kind = ClientSession::Kind::viewer);
  // The incumbent's FIFO, at most one.
  void add_fifo(FifoFiles files);

  // For sessions and sinks.
  [[nodiscard]] asio::io_context& io() noexcept { return io_; }
  [[nodiscard]] Exchange& exchange() noexcept { return exchange_; }
  [[nodiscard]] Pool& pool() noexcept { return pool_; }
  [[nodiscard]] bool serial_headers() const noexcept { return options_.serial_headers; }
  // What clients are told of this ECU when they connect and each minute.
  [[nodiscard]] std::vector<Frame> announcements(std::uint32_t uptime) const;
  [[nodiscard]] ReadBuffer& read_buffer() noexcept { return read_buffer_; }
  [[nodiscard]] Hold::Limits client_limits() const noexcept { return options_.client; }
  // How long an acknowledgement waits for one of these at most.
  struct Patience {
    Clock::duration client;
    Clock::duration storage;
  };
  [[nodiscard]] Patience patience() const noexcept { return {options_.client.limit, options_.storage_stall}; }
  [[nodiscard]] Clock::duration client_timeout() const noexcept { return options_.client_timeout; }
  [[nodiscard]] std::chrono::seconds peer_timeout() const noexcept { return options_.peer_timeout; }
  [[nodiscard]] TokenBucket application_rate() const noexcept {
    return {options_.application_rate, options_.application_burst};
  }
  [[nodiscard]] SessionId next_session() noexcept { return ++last_session_; }
  [[nodiscard]] std::size_t max_fifo_applications() const noexcept {
    return std::min(options_.max_applications, options_.max_applications_per_user);
  }
  [[nodiscard]] static Now now() noexcept;
  void greeted(const AppSession& session);  // it has said something sensible
  // Ends earlier connections of the same process, after what they have sent.
  void end_earlier(const AppSession& session);
  [[nodiscard]] BrokenOff& broken_off() noexcept { return broken_off_; }
  // Links to gateways. A connection that has the same one is ended; its client is back before that was noticed.
  void end_earlier(const ClientSession& session, std::uint64_t link);
  // Nothing, when the daemon ends.
  void keep_for(GatewayId gateway, BrokenLink::Left&& left) noexcept;
  [[nodiscard]] BrokenLinks& broken_links() noexcept { return broken_links_; }
  [[nodiscard]] const BrokenLinks& broken_links() const noexcept { return broken_links_; }
  // A line about a peer for the daemon's log; a storm of peers must not become a storm of lines.
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    if (!lines_.try_take(Clock::now())) return void(++unsaid_);
    try {
      tell(fmt::format(format, std::forward<Args>(args)...));
    } catch (const std::bad_alloc&) {  // the line is left out
      ++unsaid_;
    }
  }
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  [[nodiscard]] bool reading() const noexcept { return !paused_ && !stopped_; }
  void routed();             // messages have been given to the sinks
  void drained();            // a sink has more room than before
  void acknowledge_later();  // a sink still has what an application is to be told of
  // An application that cannot be told for want of memory loses its connection, and hears its levels when it is back.
  void send(const std::vector<LevelPush>& levels);
  // Tells every application all its levels: some may have changed, and there was no memory to say which.
  void repeat_levels();
  void apply(ClientSession& client, Outcome& outcome);
  // Who connects logstorage devices, and answers later.
  using Answer = std::function<void(proto::control::Status)>;
  using Logstorage = std::function<void(const LogstorageRequest&, Answer)>;
  void set_logstorage(Logstorage logstorage) { logstorage_ = std::move(logstorage); }
  [[nodiscard]] Snapshots& snapshots() noexcept { return snapshots_; }
  // The daemon's own flight recorder.
  void add_recorded(const Recorded& own) { own_recorded_ = own; }
  // Of the applications with this id, empty: of all, that have a flight recorder; and the daemon's.
  [[nodiscard]] std::vector<Recorded> recorded(AppId app) const;
  [[nodiscard]] gateway::Gateway& gateway() noexcept { return gateway_; }
  [[nodiscard]] const gateway::Gateway& gateway() const noexcept { return gateway_; }
  // There was no memory for what a connection needed; it is to be closed.
  void starved(std::string_view whose);
  // Nor for what somebody waits for who is to go on: Daemon::run() sees to it that all are revived. Needs no memory.
  void revive_soon() noexcept { hurt_timer_.cancel(); }
  void forget(AppSession& session);
  void forget(ClientSession& session);

  // For an orderly end: applications and nodes are read by drain_applications() only, which takes what they have sent
  // already and returns false if a sink holds back before all of it is taken.
  void stop_reading() noexcept;
  bool drain_applications();
  // True when no client is owed anything.
  [[nodiscard]] bool clients_have_all() const noexcept;
  void close();
  // After an error that ended an event early: whoever waits for nothing any more waits again.
  void revive();
  // Looks after what is done once a second, if there is anything of that kind to do.
  void tick();
  void reconfigure(const Options& options) { options_ = options; }

  [[nodiscard]] const std::map<SessionId, std::shared_ptr<AppSession>>& applications() const noexcept { return apps_; }
  [[nodiscard]] const std::map<Uid, std::size_t>& connections() const noexcept { return connections_; }
  [[nodiscard]] const FifoSession* fifo() const noexcept { return fifo_.get(); }  // nullptr: none
  [[nodiscard]] const std::vector<std::shared_ptr<ClientSession>>& clients() const noexcept { return clients_; }

 private:
  void look_again();
  void wait_for_hurt();
  void ask_snapshots(ClientSession& client, const SnapshotRequest& request);
  void ask_logstorage(ClientSession& client, const LogstorageRequest& request);
  [[nodiscard]] bool refuse(const Source& source);
  void end_handshakes();
  // What happens to it, or to others, may end their connections. Both need no memory.
  template <class Act>
  void each_application(Act&& act);
  template <class Act>
  void each_client(Act&& act);
  [[nodiscard]] bool deliver(const InjectionPush& push);
  void tell(const std::string& line);
  void tell_log_state(std::int8_t state);
  void tell_of_end();
  [[nodiscard]] bool needs_ticks() const noexcept {
    return !clients_.empty() || exchange_.intake.active() || broken_links_.waiting();
  }
  void on_tick();
  void hand_over_given_back();

  asio::io_context& io_;
  Exchange& exchange_;
  Pool& pool_;
  Options options_;
  Logstorage logstorage_;
  Snapshots& snapshots_;
  Recorded own_recorded_;
  ReadBuffer read_buffer_;
  std::map<SessionId, std::shared_ptr<AppSession>> apps_;
  std::shared_ptr<FifoSession> fifo_;
  std::vector<std::shared_ptr<ClientSession>> clients_;
  gateway::Gateway gateway_{*this};
  std::map<Uid, std::size_t> connections_;             // of applications
  std::map<SessionId, Clock::time_point> handshakes_;  // since when; the oldest first
  BrokenOff broken_off_;
  BrokenLinks broken_links_;
  SessionId last_session_ = 0;
  TokenBucket lines_{5, 50};
  std::uint64_t unsaid_ = 0;
  asio::steady_timer hold_timer_;
  asio::steady_timer handshake_timer_;  // runs while there are handshakes
  asio::steady_timer second_timer_;     // runs while `ticking_`
  bool ticking_ = false;
  unsigned seconds_ = 0;             // since the last announcements
  asio::steady_timer hurt_timer_;    // never expires
  bool waiting_for_hurt_ = false;    // as always
  asio::steady_timer settle_timer_;  // runs while `settling_`
  bool settling_ = false;            // a session has something to acknowledge
  bool paused_ = false;              // a sink holds back
  bool stopped_ = false;             // the daemon ends
};

}  // namespace dlt::daemon
