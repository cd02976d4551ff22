// What is used while nothing happens, and what a message costs that waits in a buffer.
#include "cases.hpp"

#include <poll.h>

#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds answer_limit{60};

ProduceResult result_of(Child& producer) {
  (void)producer.receive(answer_limit);  // ready
  producer.send("go");
  (void)producer.receive(answer_limit);  // produced
  producer.send("flush");
  return from_wire<ProduceResult>(producer.receive(answer_limit));
}

Criterion exactly(const std::string& what, const std::string& unit, double value, double target,
                  std::optional<double> stretch) {
  return {what, unit, {value, value, value}, target, stretch, true, 0, ""};
}

// An application that has logged a little and then does nothing, and its daemon, watched for some seconds.
void watch_idle(const Load& load, Numbers& numbers) {
  Daemon daemon = Daemon::start(Store::none, false);
  ProducePlan plan = plan_of(load, 1);
  plan.run = next_run_id();
  plan.address = daemon.unix_address();
  plan.messages = 1000;
  Child producer = start_worker("produce", to_wire(plan));
  (void)result_of(producer);
  ::poll(nullptr, 0, 1500);  // what naps is given the time to lie down
  const double watch_s = duration_of(load, 10, 3);
  progress("footprint: idle", watch_s);
  const Usage app0 = usage_of(producer.pid()), daemon0 = usage_of(daemon.pid());
  ::poll(nullptr, 0, static_cast<int>(watch_s * 1e3));
  const Usage app = usage_of(producer.pid()).since(app0), d = usage_of(daemon.pid()).since(daemon0);
  daemon.check_alive();
  progress_done();
  numbers.criteria.push_back(exactly("idle application", "% of a CPU", app.cpu_s / watch_s * 100, 0.1, {}));
  numbers.criteria.push_back(exactly("idle daemon", "% of a CPU", d.cpu_s / watch_s * 100, 0.1, {}));
  numbers.criteria.push_back(exactly("idle application", "wake-ups/s", double(app.voluntary) / watch_s, 1, 0));
  numbers.criteria.push_back(exactly("idle daemon", "wake-ups/s", double(d.voluntary) / watch_s, 1, 0));
}

// Growth of the resident memory of an application whose daemon is away, by what it has logged.
double resident_growth(const Load& load, unsigned threads, std::uint64_t messages, std::uint32_t capacity) {
  const Scratch scratch;
  ProducePlan plan = plan_of(load, threads);
  plan.run = next_run_id();
  plan.address = "unix:" + (scratch.path() / "nobody.sock").string();
  plan.wait_connected = false;
  plan.messages = messages;
  plan.buffer_capacity = capacity;
  plan.overflow_mode = 1;
  plan.flush_s = 0.01;
  Child producer = start_worker("produce", to_wire(plan));
  const auto result = result_of(producer);
  if (result.books.queued != messages * threads)
    throw BenchError("footprint: " + std::to_string(result.books.queued) + " messages queued instead of " +
                     std::to_string(messages * threads));
  return static_cast<double>(result.rss_after_bytes) - static_cast<double>(result.rss_before_bytes);
}

void weigh_messages(const Load& load, Numbers& numbers) {
  constexpr std::uint64_t many = 500'000;
  const double few = resident_growth(load, 1, 1, many);
  const double full = resident_growth(load, 1, many, many);
  const double frame = static_cast<double>(57 + load.payload.value_or(12));
  const double each = (full - few) / static_cast<double>(many - 1);
  numbers.criteria.push_back(exactly("memory per queued message", "x its bytes on the wire", each / frame, 1.05, {}));
  numbers.criteria.push_back(exactly("application's fixed cost, 4 threads, default buffers", "MB resident",
                                     resident_growth(load, 4, 1, 0) * 1e-6, 4, {}));
}

}  // namespace

Numbers run_footprint(const Load& load) {
  Numbers numbers;
  weigh_messages(load, numbers);
  watch_idle(load, numbers);
  return numbers;
}

}  // namespace dlt::bench
