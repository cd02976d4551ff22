// How soon messages flow again after the daemon was killed and started anew: from the moment at which its socket is
// there until it has the first message. The outages are long enough for the library to have come to its longest wait
// between two tries, and of different lengths, so that the socket returns at any moment of that wait.
//
// What becomes of the messages meanwhile is not asked here: the library keeps them, and what the killed daemon had is
// gone with it.
#include <sys/stat.h>

#include <cmath>
#include <optional>

#include "cases.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/interrupt.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned restarts = 20;
constexpr double shortest_outage_s = 0.35, outage_step_s = 0.037;
constexpr double limit_ms = 250;
constexpr double patience_s = 20;
constexpr double default_rate = 1000;  // messages/s: there is always one that waits

void sleep_s(double s) {
  const timespec t{static_cast<time_t>(s), static_cast<long>(std::fmod(s, 1.0) * 1e9)};
  ::nanosleep(&t, nullptr);
}

// Which socket lies at a path: the one that a killed daemon left behind is another one than that of the next.
struct SocketId {
  ino_t inode = 0;
  std::int64_t changed_s = 0, changed_ns = 0;
  bool operator==(const SocketId&) const = default;
};
std::optional<SocketId> socket_at(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return SocketId{s.st_ino, s.st_ctim.tv_sec, s.st_ctim.tv_nsec};
}

class Restarts {
 public:
  explicit Restarts(const Load& load) : rate_(load.rate.value_or(default_rate)) {
    ProducePlan plan = plan_of(load, load.threads.value_or(1));
    plan.address = daemon_.unix_address();
    plan.run = next_run_id();
    plan.rate = rate_;
    plan.timing = Timing::each;
    plan.messages = 0;
    plan.duration_s = 3600;  // until we end it
    plan.overflow_mode = 0;
    producer_.emplace(start_worker("produce", to_wire(plan)));
    (void)producer_->receive(Seconds(patience_s));
    producer_->send("go");
    (void)seconds_until([&] { return daemon_.status().received != 0; });
  }

  // Milliseconds from the socket's being there to the first message.
  double once(double outage_s) {
    const std::string path = daemon_.unix_address().substr(std::string("unix:").size());
    const auto before = socket_at(path);
    daemon_.kill();
    sleep_s(outage_s);
    daemon_.start_again();
    (void)seconds_until([&] {
      const auto now = socket_at(path);
      return now && now != before;
    });
    return 1e3 * seconds_until([&] {
             const auto status = daemon_.status_if_up();
             return status && status->received != 0;
           });
  }
  [[nodiscard]] double rate() const noexcept { return rate_; }

 private:
  template <class Condition>
  double seconds_until(Condition&& condition) {
    constexpr double look_s = 0.0002;
    const double begin = now_s();
    while (!condition()) {
      daemon_.check_alive();
      if (const auto status = producer_->ended())
        throw BenchError("the application ended (" + describe_status(*status) + ")");
      if (interrupted()) throw BenchError("interrupted");
      if (now_s() - begin > patience_s)
        throw BenchError("the application is not back " + human(patience_s) + " s after the daemon is");
      sleep_s(look_s);
    }
    return now_s() - begin;
  }

  double rate_;
  Daemon daemon_ = Daemon::start(Store::none, false);
  std::optional<Child> producer_;
};

}  // namespace

Numbers run_reconnect(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("reconnect", "left out: a daemon that is not ours is not killed");
    return numbers;
  }
  const unsigned rounds = load.repeat.value_or(load.brief ? 5 : restarts);
  Restarts scene(load);
  std::vector<double> ms;
  unsigned within = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    progress("reconnect: restart " + std::to_string(i + 1) + " of " + std::to_string(rounds), (rounds - i) * 0.9);
    ms.push_back(scene.once(shortest_outage_s + outage_step_s * i));
    within += ms.back() <= limit_ms ? 1U : 0U;
  }
  progress_done();
  const Spread s = spread(ms);
  numbers.criteria.push_back({"back after the daemon was killed and restarted, from its socket to the first message",
                              "ms",
                              s,
                              limit_ms,
                              {},
                              true,
                              0,
                              std::to_string(within) + " of " + std::to_string(rounds) + " within " + human(limit_ms) +
                                  " ms, the slowest " + human(s.max) + " ms"});
  return numbers;
}

}  // namespace dlt::bench
