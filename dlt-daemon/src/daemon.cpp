#include "daemon.hpp"

#include <spdlog/spdlog.h>

#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <cstdlib>
#include <thread>

#include <unistd.h>

#include "gateway/read_nodes.hpp"
#include "paths.hpp"
#include "session/listen.hpp"
#include "session/socket_address.hpp"
#include "session/status_session.hpp"
#include "settings.hpp"

namespace dlt::daemon {

namespace {

constexpr auto end_limit = std::chrono::milliseconds(1500);
constexpr auto end_interval = std::chrono::milliseconds(10);
constexpr unsigned legacy_socket_mode = 0666;                    // as the incumbent has it
constexpr auto pause_when_hurt = std::chrono::milliseconds(10);  // when there is no memory even to go on

std::string reason(std::error_code error) {
  return error == std::errc::file_exists ? "the name is taken by something else" : error.message();
}

// Whatever another daemon might want as well: sockets, and the FIFO.
std::vector<std::string> served_paths(const Config& c) {
  std::vector<std::string> paths{c.app_socket, c.status_socket};
  if (!c.control_socket.empty()) paths.push_back(c.control_socket);
  if (c.legacy_fifo) paths.push_back(c.legacy_directory + "/dlt");
  if (!c.legacy_socket.empty()) paths.push_back(c.legacy_socket);
  return paths;
}

Config with_paths(Config config, const Inherited& inherited) {
  if (!inherited.app_path.empty()) config.app_socket = inherited.app_path;
  if (!inherited.control_path.empty()) config.status_socket = inherited.control_path;
  if (config.app_socket.empty()) config.app_socket = default_app_socket();
  if (config.status_socket.empty()) config.status_socket = status_socket_beside(config.app_socket);
  return config;
}

}  // namespace

std::string default_app_socket() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (::geteuid() == 0 || runtime == nullptr || *runtime == '\0') return "/run/dlt/app.sock";
  return std::string(runtime) + "/dlt/app.sock";
}

std::string status_socket_beside(const std::string& app_socket) { return directory_of(app_socket) + "/control.sock"; }

Result<std::unique_ptr<Daemon>> Daemon::start(Config config, Inherited inherited) {
  config = with_paths(std::move(config), inherited);
  for (const auto& path : served_paths(config)) {
    std::string problem;
    if (path == inherited.app_path || path == inherited.control_path) continue;
    if (open_directory(directory_of(path), socket_rule, problem)) continue;
    spdlog::critical("cannot serve {}: {}", path, problem);
    return std::make_error_code(std::errc::not_a_directory);
  }
  auto locks = lock(config, inherited);
  if (!locks) return locks.error();
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(config), std::move(inherited), *std::move(locks)));
  if (const auto error = daemon->open()) return error;
  return daemon;
}

// Each path has one: daemons may share any of them by mistake. A folder in which only systemd may make files keeps
// the lock of a socket of systemd's away, and everybody who might replace that socket.
Result<Daemon::Locks> Daemon::lock(const Config& config, const Inherited& inherited) {
  Locks locks;
  for (const auto& path : served_paths(config)) {
    const std::string lock_path = path + ".lock";
    auto taken = LockFile::take(lock_path);
    if (taken) {
      locks.push_back(*std::move(taken));
      continue;
    }
    if (taken.error() == std::errc::device_or_resource_busy) spdlog::critical("another daemon serves {} already", path);
    else if (path == inherited.app_path || path == inherited.control_path) continue;
    else spdlog::critical("cannot lock {}: {}", lock_path, reason(taken.error()));
    return taken.error();
  }
  return locks;
}

Daemon::Daemon(Config config, Inherited inherited, Locks locks)
    : config_(std::move(config)),
      inherited_(std::move(inherited)),
      locks_(std::move(locks)),
      persistence_(config_.persistence_directory),
      nodes_(gateway::read_nodes(config_).value_or(std::vector<gateway::NodeConfig>())),
      exchange_(pool_, {config_.context_level, config_.context_trace}, control_options(config_, nodes_),
                config_.ring_replay, config_.ring_size, exchange_options(config_), registry_limits(config_)),
      snapshots_(io_, snapshot_options(config_)),
      hub_(io_, exchange_, pool_, hub_options(config_), snapshots_),
      sinks_(make_sinks(config_, io_, exchange_, hub_)),
      recording_(config_, exchange_, hub_),
      snapshot_timer_(io_),
      end_timer_(io_) {
  exchange_.registry.set_stored(parse_levels(persistence_.load(), config_.max_contexts));
  (void)exchange_.registry.set_forced(config_.force_levels);
  exchange_.intake.set_options(intake_options(config_));
  hub_.tick();
  wait_for_snapshots();
}

void Daemon::take_snapshots(std::string_view reason) {
  if (!snapshots_.enabled()) return spdlog::warn("no snapshots ({}): there is no SnapshotDirectory", reason);
  snapshots_.take_each(hub_.recorded({}), reason);
}

void Daemon::wait_for_snapshots() {
  if (config_.snapshot_interval.count() == 0) return snapshot_timer_.cancel(), void();
  snapshot_timer_.expires_after(config_.snapshot_interval);
  snapshot_timer_.async_wait([this](std::error_code error) {
    if (error) return;
    wait_for_snapshots();  // first: what fails after it does not end the intervals
    try {
      take_snapshots("interval");
    } catch (const std::bad_alloc&) {
      snapshots_.fail("interval");
    }
  });
}

Control::Options Daemon::control_options(const Config& config, const std::vector<gateway::NodeConfig>& nodes) {
  Control::Options options = daemon::control_options(config);
  options.logstorage = logstorage_devices(config) != 0;
  options.gateway = config.gateway;
  options.snapshots = !config.snapshot_directory.empty();
  for (const auto& node : nodes) options.nodes.push_back(node.ecu);
  if (!persistence_.enabled()) return options;
  options.store = [this] {
    Registry& registry = exchange_.registry;
    registry.set_stored(levels_to_store(registry));
    return persistence_.store(application_file(registry.stored(), registry), context_file(registry.stored()));
  };
  options.forget = [this] {
    exchange_.registry.set_stored({});
    return persistence_.forget();
  };
  return options;
}

Daemon::~Daemon() {
  hub_.close();
  for (const auto& path : bound_) ::unlink(path.c_str());
}

std::error_code Daemon::open() {
  if (const auto error = open_applications()) return error;
  if (const auto error = open_legacy()) return error;
  if (const auto error = open_clients()) return error;
  if (const auto error = open_control()) return error;
  if (const auto error = open_status()) return error;
  hub_.gateway().set_own_addresses(client_addresses_);
  hub_.gateway().configure(nodes_);
  recording_.take_left_over(config_, snapshots_);
  return {};
}

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

std::string Daemon::summary() const {
  const auto storage = sinks_.storage ? sinks_.storage->status().state : StorageStatus::State::off;
  return fmt::format("applications: {}, clients: {}, messages received: {}{}", hub_.applications().size(),
                     hub_.clients().size(), exchange_.router.total().messages,
                     storage == StorageStatus::State::suspended ? ", storage is suspended" : "");
}

std::string Daemon::status() {
  const StorageStatus storage = sinks_.storage ? sinks_.storage->status() : StorageStatus{};
  using Devices = std::vector<logstorage::DeviceStatus>;
  const Devices devices = sinks_.logstorage ? sinks_.logstorage->status() : Devices{};
  return status_json(
      {config_, exchange_, hub_, storage, devices, snapshots_.status(), client_port_, app_port_, started_});
}

void Daemon::run() {
  // No peer ends the daemon: what one handler throws is logged and the others go on.
  for (bool hurt = false;;) {
    try {
      if (hurt) revive();
      hurt = false;
      io_.run();
      return;
    } catch (const std::exception& e) {
      if (!hurt) spdlog::error("an event could not be handled: {}", e.what());
      hurt = true;
    }
    if (run_a_moment()) return;
  }
}

// What there is no memory to revive does not keep others waiting, among them who ends the daemon. True: it has ended.
bool Daemon::run_a_moment() {
  try {
    io_.run_for(pause_when_hurt);
  } catch (const std::exception&) {
    std::this_thread::sleep_for(pause_when_hurt);
  }
  return end_deadline_ && io_.stopped();
}

// An event that ended early may not have said what it waits for next.
void Daemon::revive() {
  for (const auto& listener : listeners_) listener->revive();
  if (wait_again_) wait_again_();
  if (end_deadline_) return end_step();
  wait_for_snapshots();
  hub_.revive();
  apply();
}

// On the io thread at once, which needs no memory.
void Daemon::stop() {
  asio::dispatch(io_, [this] { begin_end(); });
}

void Daemon::begin_end() {
  if (end_deadline_) return;
  end_deadline_ = Clock::now() + end_limit;
  for (auto& listener : listeners_) listener->finish();
  hub_.stop_reading();
  end_step();
}

void Daemon::end_step() {
  const bool late = Clock::now() >= *end_deadline_;
  if (!late && (!hub_.drain_applications() || !hub_.clients_have_all())) {
    end_timer_.expires_after(end_interval);
    end_timer_.async_wait([this](std::error_code error) {
      if (!error) end_step();
    });
    return;
  }
  sinks_.stop();  // first: what is stored now is acknowledged when the connections are closed
  hub_.close();
  snapshots_.stop();
  try {
    asio::post(io_, [this] { io_.stop(); });  // behind what became of the snapshots
  } catch (const std::bad_alloc&) {
    io_.stop();
  }
}

// What is posted needs no memory any more until it is remembered.
void Daemon::reload(const Config& fresh) {
  asio::post(io_, [this, given = std::make_shared<const Config>(fresh)] {
    reload_ = given;
    apply();
  });
}

// What there is no memory for is left to revive(); any other error ends it.
void Daemon::apply() {
  if (!reload_) return;
  try {
    try_apply(with_paths(*reload_, inherited_));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    reload_.reset();
    throw;
  }
  reload_.reset();
}

// What is new has all its memory before the first change. Only when everything has changed is the configuration
// another one: until then it can be applied again.
void Daemon::try_apply(const Config& fresh) {
  Config now = applicable(fresh, config_);
  if (now != fresh)
    spdlog::warn(
        "changes to ECUId, sockets, the FIFO, addresses, ports, storage, logstorage, snapshots, the recorder or where "
        "this log goes need a restart");
  auto nodes = gateway::read_nodes(now);  // where it cannot be read, those that are there stay
  const bool nodes_changed = nodes && *nodes != nodes_;
  if (now == config_ && !nodes_changed) return;
  if (!nodes) nodes = nodes_;
  auto control = control_options(now, *nodes);
  auto exchange = exchange_options(now);
  auto limits = registry_limits(now);
  auto intake = intake_options(now);
  exchange_.control.set_options(std::move(control));
  exchange_.options = std::move(exchange);
  exchange_.registry.set_limits(std::move(limits));
  exchange_.router.reconfigure(now.ring_replay, now.ring_size);
  hub_.reconfigure(hub_options(now));
  exchange_.intake.set_options(std::move(intake));
  if (nodes_changed) hub_.gateway().configure(*nodes);
  nodes_ = *std::move(nodes);
  const Config before = std::exchange(config_, std::move(now));
  spdlog::info("configuration applied");
  tell_levels(before);
  hub_.tick();
  wait_for_snapshots();
}

// Without memory to say which have changed, each application is told all its levels.
void Daemon::tell_levels(const Config& before) {
  const auto tell = [this](auto&& change) {
    try {
      hub_.send(change());
    } catch (const std::bad_alloc&) {
      hub_.repeat_levels();
    }
  };
  tell([&] { return exchange_.registry.set_forced(config_.force_levels); });
  if (config_.context_level == before.context_level && config_.context_trace == before.context_trace) return;
  tell([&] { return exchange_.registry.set_defaults({config_.context_level, config_.context_trace}); });
}

}  // namespace dlt::daemon
