// Saturating and lossless: the caller waits for room, nothing may be dropped.
#include "cases.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

double extra(const Sample& s, const char* key) { return s.extra.contains(key) ? s.extra.at(key) : 0; }

void note_compressor(Row& row) {
  const auto median = [&](const char* key) {
    return spread(row, [&](const Sample& s) { return extra(s, key); }).median;
  };
  row.notes.push_back("the compressor alone, same bytes: " + human(median("compressor_msgs_per_s")) + " msg/s, ratio " +
                      human(median("compressor_ratio")) + "; in the file " + human(median("ratio")));
}

Row throughput_row(const Load& load, Way way, Sink sink, unsigned threads) {
  Setup setup;
  setup.case_name = "throughput";
  setup.plan = lossless_plan(load, threads);
  setup.config = {{"text", sink == Sink::store ? "realistic text" : ""}};
  // A file is complete up to its flush interval late: a longer run keeps that small.
  setup.plan.duration_s = duration_of(load, sink == Sink::store ? 2.0 : 1.0, sink == Sink::store ? 1.0 : 0.4);
  if (load.messages) setup.plan.duration_s = 0;
  setup.plan.realistic_text = sink == Sink::store;
  setup.sink = sink;
  setup.way = way;
  setup.repeats = repeats_of(load);
  setup.roofline = true;
  setup.lossless = true;
  Row row = measure(load, setup);
  if (sink == Sink::store) note_compressor(row);
  return row;
}

}  // namespace

Numbers run_throughput(const Load& load) {
  std::vector<unsigned> threads{1, 4};
  if (load.threads) threads = {*load.threads};
  Numbers numbers;
  for (const unsigned n : threads) {
    numbers.rows.push_back(throughput_row(load, Way::unix_socket, Sink::none, n));
    numbers.rows.push_back(throughput_row(load, Way::unix_socket, Sink::client, n));
    if (load.daemon.empty()) numbers.rows.push_back(throughput_row(load, Way::unix_socket, Sink::store, n));
    if (load.brief) break;
    if (!load.daemon.empty()) continue;
    numbers.rows.push_back(throughput_row(load, Way::tcp, Sink::none, n));
    numbers.rows.push_back(throughput_row(load, Way::tcp, Sink::client, n));
  }
  return numbers;
}

}  // namespace dlt::bench
