// Where the daemon listens: for applications, clients, requests and questions.
#include <spdlog/spdlog.h>

#include "daemon.hpp"
#include "served_paths.hpp"
#include "session/listen.hpp"
#include "session/socket_address.hpp"
#include "session/status_session.hpp"

namespace dlt::daemon {

namespace {

constexpr unsigned legacy_socket_mode = 0666;  // as the incumbent has it

}  // namespace

Result<Fd> Daemon::listen_unix(const std::string& path, unsigned mode, const std::string& group) {
  auto socket = daemon::listen_unix(path, mode, group);
  if (socket) bound_.push_back(path);
  else if (socket.error() == make_error_code(Errc::invalid_argument))
    spdlog::critical("cannot listen on {}: there is no group '{}'", path, group);
  else if (socket.error() == std::errc::operation_not_permitted && !group.empty())
    spdlog::critical("cannot listen on {}: this daemon's user is not in the group '{}'", path, group);
  else spdlog::critical("cannot listen on {}: {}", path, reason(socket.error()));
  return socket;
}

void Daemon::listen(Fd socket, Listener::Accepted accepted) {
  listeners_.push_back(std::make_unique<Listener>(io_, std::move(socket), config_.peer_timeout, std::move(accepted)));
  listeners_.back()->start();
}

std::error_code Daemon::open_applications() {
  const auto accepted = [this](Fd socket, const std::string&) { hub_.add_application(std::move(socket)); };
  for (Fd& s : inherited_.app) listen(std::move(s), accepted);
  if (inherited_.app.empty()) {
    auto socket = listen_unix(config_.app_socket, config_.app_socket_mode, config_.app_socket_group);
    if (!socket) return socket.error();
    listen(*std::move(socket), accepted);
  }
  if (!inherited_.app_tcp.empty()) app_port_ = port_of(inherited_.app_tcp.front());
  for (Fd& s : inherited_.app_tcp) listen(std::move(s), accepted);
  if (!config_.app_port || app_port_ != 0) return {};
  std::vector<std::string> missing;
  auto sockets = listen_tcp(config_.app_bind, *config_.app_port, missing);
  if (!sockets) {
    spdlog::critical("cannot listen on port {} for applications: {}", *config_.app_port, sockets.error().message());
    return sockets.error();
  }
  app_port_ = port_of(sockets->front());
  for (Fd& s : *sockets) listen(std::move(s), accepted);
  return {};
}

std::error_code Daemon::open_legacy() {
  if (!config_.legacy_socket.empty()) {
    auto socket = listen_unix(config_.legacy_socket, legacy_socket_mode, "");
    if (!socket) return socket.error();
    listen(*std::move(socket), [this](Fd s, const std::string&) { hub_.add_application(std::move(s)); });
  }
  if (!config_.legacy_fifo) return {};
  std::string problem;
  std::string warning;
  auto files = FifoFiles::open({config_.legacy_directory, config_.legacy_fifo_group, config_.legacy_fifo_size}, problem,
                               warning);
  if (!warning.empty()) spdlog::warn("{}", warning);
  if (files) return hub_.add_fifo(*std::move(files)), std::error_code();
  spdlog::critical("cannot serve the FIFO of libdlt: {}", problem);
  return std::make_error_code(std::errc::file_exists);
}

std::error_code Daemon::open_clients() {
  const auto accepted = [this](Fd socket, std::string peer) { hub_.add_client(std::move(socket), std::move(peer)); };
  const auto serve = [&](std::vector<Fd>& sockets) {
    client_port_ = port_of(sockets.front());
    for (Fd& s : sockets) {
      client_addresses_.push_back(own_address_text(s.get()));
      listen(std::move(s), accepted);
    }
    return std::error_code();
  };
  if (!inherited_.client.empty()) return serve(inherited_.client);
  std::vector<std::string> missing;
  auto sockets = listen_tcp(config_.bind, config_.port, missing);
  if (!sockets) {
    spdlog::critical("cannot listen on port {} for clients: {}", config_.port, sockets.error().message());
    return sockets.error();
  }
  for (const auto& address : missing)
    spdlog::warn("no clients at {}: this machine does not have that address", address);
  return serve(*sockets);
}

// For the incumbent's control requests.
std::error_code Daemon::open_control() {
  if (config_.control_socket.empty()) return {};
  auto control = listen_unix(config_.control_socket, config_.app_socket_mode, config_.app_socket_group);
  if (!control) return control.error();
  listen(*std::move(control), [this](Fd socket, const std::string&) {
    hub_.add_client(std::move(socket), config_.control_socket, ClientSession::Kind::control);
  });
  return {};
}

std::error_code Daemon::open_status() {
  const auto accepted = [this](Fd s, const std::string&) {
    constexpr long at_once = 16;
    if (status_tickets_.use_count() > at_once)
      return exchange_.refusals.add(Refusal::status, 1, Clock::now(), "a connection to {}", config_.status_socket);
    std::make_shared<StatusSession>(io_, std::move(s), status_tickets_, [this](std::string_view question) {
      return question == "status" ? status() : std::string("{\"error\": \"unknown question\"}\n");
    })->start();
  };
  for (Fd& s : inherited_.control) listen(std::move(s), accepted);
  if (!inherited_.control.empty()) return {};
  auto socket = listen_unix(config_.status_socket, config_.app_socket_mode, config_.app_socket_group);
  if (!socket) return socket.error();
  listen(*std::move(socket), accepted);
  return {};
}

}  // namespace dlt::daemon
