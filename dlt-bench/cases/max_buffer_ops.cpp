// The library's queue alone, by producing and draining threads and by capacity: no session, no socket, no daemon.
#include <algorithm>
#include <array>
#include <filesystem>

#include "cases.hpp"
#include "harness/child.hpp"
#include "harness/error.hpp"
#include "harness/facts.hpp"
#include "harness/json.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr double frame_bytes = 69;

struct Shape {
  unsigned producers, drainers;
};

// Beside dlt-bench, or where an installed one has it.
std::string queue_program() {
  namespace fs = std::filesystem;
  const fs::path here = fs::path(worker_program()).parent_path();
  for (const fs::path& candidate :
       {here / "dlt-bench-queue", here.parent_path() / "libexec" / "dlt-bench" / "dlt-bench-queue"})
    if (fs::is_regular_file(candidate)) return candidate.string();
  throw BenchError("dlt-bench-queue is not there, neither beside dlt-bench nor in ../libexec/dlt-bench");
}

Sample run_once(const Shape& shape, std::uint32_t capacity, double seconds) {
  Child child = Child::start({{queue_program(), std::to_string(shape.producers), std::to_string(shape.drainers),
                               std::to_string(capacity), std::to_string(seconds)},
                              {},
                              {}});
  const Json j = Json::parse(child.receive(Seconds(seconds + 120)));
  (void)child.stop(0, Seconds(10));
  Sample s;
  s.seconds = j.at("seconds");
  s.offered = s.accepted = j.at("pushed").get<std::uint64_t>() + j.at("dropped").get<std::uint64_t>();
  s.delivered = j.at("transferred");
  s.delivered_bytes = static_cast<std::uint64_t>(static_cast<double>(s.delivered) * frame_bytes);
  if (const std::uint64_t n = j.at("dropped"); n != 0) s.dropped["timed_out"] = n;
  s.call_ns = {j.at("count"), j.at("p50"), j.at("p90"), j.at("p99"), j.at("p999"), j.at("max")};
  s.clock_overhead_ns = j.at("overhead");
  s.unaccounted = static_cast<std::int64_t>(s.accepted - s.dropped_total()) - static_cast<std::int64_t>(s.delivered);
  if (s.unaccounted != 0) s.faults.push_back(std::to_string(s.unaccounted) + " messages unaccounted for");
  if (const std::uint64_t n = j.at("misplaced"); n != 0)
    s.faults.push_back(std::to_string(n) + " messages out of order");
  if (s.dropped_total() != 0) s.faults.emplace_back("lossless, and yet messages were dropped");
  return s;
}

Row run_shape(const Load& load, const Shape& shape, std::uint32_t capacity) {
  Row row;
  row.case_name = "max-buffer-ops";
  row.config = {
      {"threads", std::to_string(shape.producers) + " producers, " + std::to_string(shape.drainers) + " drainers"},
      {"capacity", "capacity " + std::to_string(capacity)}};
  if (shape.producers + shape.drainers > cpu_count())
    row.notes.push_back(std::to_string(shape.producers + shape.drainers) + " threads on " +
                        std::to_string(cpu_count()) + " CPUs: the scheduler is measured too");
  const double seconds = duration_of(load, 0.4, 0.08);
  const unsigned repeats = load.repeat.value_or(load.brief ? 1 : 3);
  for (unsigned i = 1; i <= repeats; ++i) {
    progress("max-buffer-ops: " + row.label(), (repeats + 1 - i) * seconds);
    const Sample& s = row.samples.emplace_back(run_once(shape, capacity, seconds));
    for (const auto& fault : s.faults) row.faults.push_back("repeat " + std::to_string(i) + ": " + fault);
  }
  progress_done();
  row.noisy = noise(spread(row, &Sample::msgs_per_s)) > noise_limit;
  return row;
}

}  // namespace

Numbers run_max_buffer_ops(const Load& load) {
  constexpr std::array shapes{Shape{1, 1}, Shape{2, 2}, Shape{4, 4}, Shape{8, 8}, Shape{8, 4}, Shape{4, 8}};
  constexpr std::array<std::uint32_t, 4> capacities{64, 1024, 8192, 65'536};
  Numbers numbers;
  for (const Shape& shape : shapes)
    for (const std::uint32_t capacity : capacities) {
      if (load.buffer && capacity != capacities.front()) continue;
      if (load.brief && (capacity == 1024 || capacity == 8192)) continue;
      numbers.rows.push_back(run_shape(load, shape, load.buffer.value_or(capacity)));
    }
  const auto fastest = std::max_element(numbers.rows.begin(), numbers.rows.end(), [](const Row& a, const Row& b) {
    return spread(a, &Sample::msgs_per_s).median < spread(b, &Sample::msgs_per_s).median;
  });
  numbers.facts.emplace_back("max-buffer-ops, most",
                             human(spread(*fastest, &Sample::msgs_per_s).median) + " messages/s: " + fastest->label());
  return numbers;
}

}  // namespace dlt::bench
