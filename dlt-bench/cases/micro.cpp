// Single log calls under Google Benchmark: 0, 3 and 8 further arguments beside a text of 32, 128 and 512 bytes, and a
// level that is off. Time, allocations and bytes on the wire for each call.
#include <algorithm>

#include "cases.hpp"
#include "harness/allocations.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/micro_plan.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds patience{120};

Row row_of(const MicroResult& r) {
  Row row;
  row.case_name = "micro";
  row.config = {{"call", r.name}};
  Sample& s = row.samples.emplace_back();
  s.extra = {{"call_ns", r.p50},
             {"call_mean_ns", r.ns},
             {"call_p99_ns", r.p99},
             {"allocations", static_cast<double>(r.allocations)},
             {"calls", static_cast<double>(r.calls)},
             {"wire_bytes", r.wire_bytes}};
  row.notes.push_back(human(r.p50) + " ns a call, half of the bursts; p99 " + human(r.p99) + "; mean " + human(r.ns) +
                      " (" + human(r.ns_min) + " – " + human(r.ns_max) + "); " + std::to_string(r.allocations) +
                      " allocations in " + human(double(r.calls)) + " calls, " +
                      (r.wire_bytes > 0 ? human(r.wire_bytes) + " bytes on the wire" : "nothing is written"));
  return row;
}

// The daemon must have everything that the calls were accepted for.
void close_books(Daemon& daemon, const LoggerBooks& books, Numbers& numbers) {
  Row row;
  row.case_name = "micro";
  row.config = {{"call", "all of them"}, {"sink", "no sink"}};
  Sample& s = row.samples.emplace_back();
  const double deadline = now_s() + patience.count();
  std::uint64_t last = 0;
  while ((last = daemon.status().received) < books.accepted && now_s() < deadline) daemon.check_alive();
  s.offered = s.accepted = books.accepted;
  s.delivered = last;
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered) -
                  static_cast<std::int64_t>(books.dropped_total());
  for (const auto& [cause, n] : books.dropped)
    if (n != 0) s.dropped[cause] = n;
  row.notes.emplace_back("delivered: as counted by the daemon");
  if (s.unaccounted != 0) row.faults.push_back(std::to_string(s.unaccounted) + " messages unaccounted for");
  if (!books.closes) row.faults.emplace_back("the library's own books do not close");
  if (s.dropped_total() != 0) row.faults.emplace_back("lossless, and yet messages were dropped");
  numbers.rows.push_back(std::move(row));
}

}  // namespace

Numbers run_micro(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("micro", "left out: it starts a daemon of its own");
    return numbers;
  }
  MicroPlan plan;
  plan.seconds = load.duration_s.value_or(load.brief ? 0.005 : 0.05);
  plan.repetitions = load.repeat.value_or(load.brief ? 1 : 3);
  Daemon daemon = Daemon::start(Store::none, false);
  plan.address = daemon.unix_address();
  plan.run = next_run_id();
  progress("micro", 10);
  Child worker = start_worker("micro", Json(plan).dump());
  std::uint64_t allocated = 0;
  double slowest = 0;
  for (std::string line; (line = worker.receive(patience, [&] { daemon.check_alive(); })) != micro_end;) {
    const auto r = Json::parse(line).get<MicroResult>();
    allocated += r.allocations;
    slowest = std::max(slowest, r.p50);
    numbers.rows.push_back(row_of(r));
  }
  close_books(daemon, from_wire<LoggerBooks>(worker.receive(patience)), numbers);
  worker.send("end");
  progress_done();
  if (counts_allocations)
    numbers.criteria.push_back({"micro, allocations in all log calls",
                                "",
                                {double(allocated), double(allocated), double(allocated)},
                                0,
                                {},
                                true,
                                0,
                                ""});
  numbers.criteria.push_back(
      {"micro, p50 of the slowest of these calls", "ns", {slowest, slowest, slowest}, 1000, {}, true, 0, ""});
  return numbers;
}

}  // namespace dlt::bench
