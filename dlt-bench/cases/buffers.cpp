// The library's buffers: how many, how large, and with how many messages waiting the sender writes.
#include <array>

#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

Setup buffer_setup(const Load& load, const std::string& name, unsigned threads) {
  Setup setup;
  setup.case_name = name;
  setup.plan = lossless_plan(load, threads);
  setup.plan.rate = 0;
  if (!load.messages) setup.plan.duration_s = duration_of(load, 0.5, 0.2);
  setup.repeats = repeats_of(load);
  setup.lossless = true;
  return setup;
}

double median(const Row& row, double (Sample::*figure)() const noexcept) {
  return spread(row, [&](const Sample& s) { return (s.*figure)(); }).median;
}
double median(const Row& row, const char* key) {
  return spread(row, [&](const Sample& s) { return s.extra.contains(key) ? s.extra.at(key) : 0; }).median;
}

void note_memory(Row& row) {
  row.notes.push_back("memory per buffer in use: " + human(median(row, &Sample::bytes_per_buffer)) + "B of queues");
}

// ── buffer-count ─────────────────────────────────────────────────────────────────────────────────────────────────────

Row count_row(const Load& load, unsigned buffers, unsigned senders) {
  Setup setup = buffer_setup(load, "buffer-count", load.threads.value_or(4));
  setup.config = {{"buffers", std::to_string(buffers) + (buffers == 1 ? " buffer" : " buffers")},
                  {"senders", std::to_string(senders) + (senders == 1 ? " sender" : " senders")},
                  {"levels", "mixed levels"}};
  setup.plan.mixed_levels = true;
  setup.plan.buffer_count = buffers;
  setup.plan.senders = senders;
  setup.plan.buffer_capacity = load.buffer.value_or(2048);
  Row row = measure(load, setup);
  note_memory(row);
  return row;
}

// ── buffer-size ──────────────────────────────────────────────────────────────────────────────────────────────────────

// The largest of the growing bursts that lies before the first gap.
std::uint64_t burst_survived(std::uint64_t head) {
  std::uint64_t survived = 0, sum = 0;
  for (std::uint64_t size = first_burst; size <= last_burst; size = next_burst(size)) {
    sum += size;
    if (sum > head) break;
    survived = size;
  }
  return survived;
}

Setup size_setup(const Load& load, std::uint32_t capacity, const char* what) {
  Setup setup = buffer_setup(load, "buffer-size", 1);
  setup.config = {{"capacity", std::to_string(capacity) + " messages"}, {"load", what}};
  setup.plan.buffer_capacity = capacity;
  return setup;
}

// The daemon stands still: what survives is the buffer, and what the socket and the sender hold.
Row size_stalled(const Load& load, std::uint32_t capacity) {
  Setup setup = size_setup(load, capacity, "one burst, daemon stopped");
  setup.plan.duration_s = 0;
  setup.plan.messages = load.messages.value_or(300'000);  // more than the socket holds as well
  setup.plan.overflow_mode = 1;
  setup.lossless = false;
  setup.stalled = true;
  setup.judge = [capacity](const ProduceResult& p, const std::vector<Producer>& got, Sample& s) {
    s.extra["burst_survived"] = static_cast<double>(got.front().head);
    if (got.front().head < std::min<std::uint64_t>(capacity, p.offered.front()))
      s.faults.push_back("a burst of " + std::to_string(got.front().head) + " is all that survived in a buffer of " +
                         std::to_string(capacity));
  };
  Row row = measure(load, setup);
  row.notes.push_back("largest burst without loss: " + human(median(row, "burst_survived")) + " messages");
  return row;
}

Row size_bursts(const Load& load, std::uint32_t capacity) {
  Setup setup = size_setup(load, capacity, "growing bursts");
  setup.plan.timing = Timing::growing;
  setup.plan.duration_s = 0;
  setup.plan.overflow_mode = 1;
  setup.lossless = false;
  setup.judge = [](const ProduceResult&, const std::vector<Producer>& got, Sample& s) {
    s.extra["burst_survived"] = static_cast<double>(burst_survived(got.front().head));
  };
  Row row = measure(load, setup);
  row.notes.push_back("largest burst without loss: " + human(median(row, "burst_survived")) + " messages");
  return row;
}

Row size_throughput(const Load& load, std::uint32_t capacity) {
  Row row = measure(load, size_setup(load, capacity, "flat out, lossless"));
  note_memory(row);
  return row;
}

// ── batch-size ───────────────────────────────────────────────────────────────────────────────────────────────────────

Setup batch_setup(const Load& load, std::uint32_t batch, const char* what) {
  Setup setup = buffer_setup(load, "batch-size", load.threads.value_or(1));
  setup.config = {{"batch", batch == 0 ? "batch adaptive (default)" : "batch " + std::to_string(batch)},
                  {"load", what}};
  setup.plan.batch_size = batch;
  return setup;
}

Row batch_flat(const Load& load, std::uint32_t batch) {
  return measure(load, batch_setup(load, batch, "flat out, lossless"));
}

Row batch_paced(const Load& load, std::uint32_t batch) {
  const double rate = load.rate.value_or(100e3);
  Setup setup = batch_setup(load, batch, "paced");
  setup.config.emplace_back("rate", human(rate) + "/s");
  setup.plan.timing = Timing::each;
  setup.plan.rate = rate;
  setup.plan.warm_up = 1000;
  return measure(load, setup);
}

}  // namespace

Numbers run_buffer_count(const Load& load) {
  Numbers numbers;
  for (const unsigned buffers : {1U, 2U, 4U, 8U}) numbers.rows.push_back(count_row(load, buffers, 1));
  numbers.rows.push_back(count_row(load, 8, 2));
  return numbers;
}

Numbers run_buffer_size(const Load& load) {
  std::vector<std::uint32_t> capacities{512, 1024, 2048, 4096, 8192};
  if (load.buffer) capacities = {*load.buffer};
  Numbers numbers;
  for (const std::uint32_t capacity : capacities) {
    if (load.daemon.empty()) numbers.rows.push_back(size_stalled(load, capacity));
    numbers.rows.push_back(size_bursts(load, capacity));
    numbers.rows.push_back(size_throughput(load, capacity));
  }
  return numbers;
}

Numbers run_batch_size(const Load& load) {
  Numbers numbers;
  for (const std::uint32_t batch : {1U, 4U, 8U, 16U, 32U, 64U, 0U}) numbers.rows.push_back(batch_flat(load, batch));
  for (const std::uint32_t batch : {1U, 4U, 8U, 16U, 32U, 64U, 0U}) numbers.rows.push_back(batch_paced(load, batch));
  return numbers;
}

Numbers run_buffer_all(const Load& load) {
  Numbers numbers = run_buffer_count(load);
  numbers.add(run_buffer_size(load));
  numbers.add(run_batch_size(load));
  return numbers;
}

}  // namespace dlt::bench
