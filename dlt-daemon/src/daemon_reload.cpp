// A configuration that is read again while the daemon runs: what may change, changes as a whole or not at all.
#include <spdlog/spdlog.h>

#include <asio/post.hpp>

#include "daemon.hpp"
#include "gateway/read_nodes.hpp"
#include "served_paths.hpp"
#include "settings.hpp"

namespace dlt::daemon {

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
