#include "daemon.hpp"

#include <spdlog/spdlog.h>

#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <thread>

#include <unistd.h>

#include "gateway/read_nodes.hpp"
#include "paths.hpp"
#include "served_paths.hpp"
#include "settings.hpp"

namespace dlt::daemon {

namespace {

constexpr auto end_limit = std::chrono::milliseconds(1500);
constexpr auto end_interval = std::chrono::milliseconds(10);
constexpr auto pause_when_hurt = std::chrono::milliseconds(10);  // when there is no memory even to go on

}  // namespace

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

}  // namespace dlt::daemon
