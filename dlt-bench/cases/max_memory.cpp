// What a message weighs that waits, because the daemon stands still: in memory (resident and heap), on the wire, and
// then in the compressed file. By number of messages, of fields, and length of the text; each in a fresh process.
#include <algorithm>

#include "cases.hpp"
#include "harness/crew.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/weigh_plan.hpp"
#include "harness/wire.hpp"

namespace dlt::bench {
namespace {

constexpr double limit_bytes = 1024;             // for each message that waits
constexpr std::uint64_t fewest_judged = 10'000;  // of fewer a chunk that is not full is a large part

Row weigh(const Load& load, std::uint64_t messages, unsigned fields, unsigned text) {
  Row row;
  row.case_name = "max-memory";
  row.config = {{"messages", human(double(messages)) + " messages"},
                {"fields", std::to_string(fields) + " fields"},
                {"text", "text of " + std::to_string(text)}};
  progress("max-memory: " + row.label(), 1);
  Crew crew;
  WeighPlan plan{crew.daemon().unix_address(), next_run_id(), messages, fields, load.payload.value_or(text)};
  crew.join("weigh", Json(plan).dump());
  crew.wait_ready();
  crew.daemon().pause();
  const auto w = Json::parse(crew.ask("go").front()).get<Weight>();
  crew.daemon().resume();
  const auto result = from_wire<VisitResult>(crew.ask("flush").front());
  Sample& s = row.samples.emplace_back();
  Crew::enter(s, result.offered, result.books, result.flushed, result.usage);
  RecountPlan recount;
  recount.kind = "numbered";
  recount.runs = {plan.run};
  (void)crew.settle(s, w.begin_ns, recount);
  crew.dismiss();
  row.faults = s.faults;
  const double waiting = std::max(1.0, static_cast<double>(w.waiting));
  s.extra["resident_each"] = (static_cast<double>(w.rss_after) - static_cast<double>(w.rss_before)) / waiting;
  s.extra["heap_each"] = (static_cast<double>(w.heap_after) - static_cast<double>(w.heap_before)) / waiting;
  s.extra["wire_each"] = static_cast<double>(w.wire_bytes) / (waiting + 1);
  s.extra["stored_each"] = s.extra["stored_bytes"] / std::max(1.0, static_cast<double>(s.delivered));
  row.notes.push_back("bytes for each message: " + human(s.extra["resident_each"]) + " resident, " +
                      human(s.extra["heap_each"]) + " of them heap, " + human(s.extra["wire_each"]) + " on the wire, " +
                      human(s.extra["stored_each"]) + " in the file");
  progress_done();
  return row;
}

}  // namespace

Numbers run_max_memory(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("max-memory", "left out: a daemon that is not ours is not stopped");
    return numbers;
  }
  std::vector<std::uint64_t> counts{1000, 10'000, 100'000, 1'000'000};
  if (load.brief) counts = {10'000};
  if (load.messages) counts = {*load.messages};
  std::vector<unsigned> fields{0, 3, 8}, texts{32, 128, 512};
  if (load.brief) fields = {0, 8}, texts = {32, 512};
  double worst = 0;
  std::string of;
  for (const std::uint64_t n : counts)
    for (const unsigned f : fields)
      for (const unsigned t : texts) {
        Row row = weigh(load, n, f, t);
        const double each = row.samples.front().extra.at("resident_each");
        if (n >= fewest_judged && each > worst) worst = each, of = row.label();
        numbers.rows.push_back(std::move(row));
      }
  if (!of.empty())
    numbers.criteria.push_back({"max-memory, memory for each message that waits",
                                "bytes",
                                {worst, worst, worst},
                                limit_bytes,
                                {},
                                true,
                                0,
                                "the most: " + of});
  return numbers;
}

}  // namespace dlt::bench
