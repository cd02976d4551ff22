// A daemon in a folder of its own, on a thread of the test's process, at a port that the kernel chose.
#pragma once

#include <spdlog/spdlog.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "daemon.hpp"
#include "dlt-daemon/support/peers.hpp"
#include "status_client.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

inline daemon::Config config_in(const TempDir& dir) {
  spdlog::set_level(spdlog::level::off);
  daemon::Config config;
  config.app_socket = dir / "app.sock";
  config.bind = {"127.0.0.1"};
  config.port = 0;
  config.client_stall = std::chrono::seconds(20);  // a busy machine is no reason to lose messages
  return config;
}

class RunningDaemon {
 public:
  explicit RunningDaemon(daemon::Config config) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    auto started = daemon::Daemon::start(std::move(config));
    if (!started) throw std::runtime_error("daemon: " + started.error().message());
    daemon_ = *std::move(started);
    config_ = daemon_->config();
    thread_ = std::thread([this] { daemon_->run(); });
  }
  ~RunningDaemon() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    daemon_->stop();
    thread_.join();
  }
  [[nodiscard]] daemon::Daemon& daemon() { return *daemon_; }
  [[nodiscard]] Peer app() const { return Peer::to_unix(config_.app_socket); }
  [[nodiscard]] std::uint16_t client_port() const { return daemon_->client_port(); }
  [[nodiscard]] FrameClient client(int receive_buffer = 0) const {
    return FrameClient(daemon_->client_port(), receive_buffer);
  }
  [[nodiscard]] nlohmann::json status() const {
    const auto answer = daemon::ask_status(config_.status_socket);
    if (!answer) throw std::runtime_error("status: " + answer.error().message());
    return nlohmann::json::parse(*answer);
  }
  // Waits until the daemon has received so many messages.
  [[nodiscard]] bool received(std::uint64_t messages) const {
    return eventually([&] { return status()["totals"]["received_messages"] == messages; });
  }
  [[nodiscard]] bool clients(std::size_t n) const {
    return eventually([&] { return status()["clients"].size() == n; });
  }

 private:
  std::unique_ptr<daemon::Daemon> daemon_;
  daemon::Config config_;  // as it was at the start: the daemon's own is its thread's
  std::thread thread_;
};

}  // namespace dlt::test
