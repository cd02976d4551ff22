#include "harness/wire.hpp"

#include "harness/json.hpp"

namespace dlt::bench {

NLOHMANN_JSON_SERIALIZE_ENUM(Timing, {{Timing::sampled, "sampled"},
                                      {Timing::each, "each"},
                                      {Timing::bursts, "bursts"},
                                      {Timing::growing, "growing"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Percentiles, count, p50, p90, p99, p999, max)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Usage, cpu_s, rss_bytes, peak_rss_bytes, voluntary, involuntary)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Producer, delivered, next, missing, head, tail)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProducePlan, logger, address, run, threads, first_producer, messages, duration_s,
                                   rate, clump, after_rate, after_s, warm_up, timing, burst, pause_min_us, pause_max_us,
                                   sleep_in_pause, realistic_text, payload, urgent, mixed_levels, buffer_capacity,
                                   buffer_count, batch_size, senders, overflow_mode, timeout_ms, wait_connected,
                                   flush_s, series_s, live_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoggerBooks, accepted, queued, dropped, closes, writes, wakes, connects,
                                   reserved_bytes, buffers_used, fill)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BooksAt, ns, accepted, dropped, queued)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ArrivedAt, ns, delivered)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProduceResult, offered, refused, books, flushed, call_ns, burst_call_ns,
                                   clock_overhead_ns, begin_ns, produced_ns, flushed_ns, usage, rss_before_bytes,
                                   rss_after_bytes, series)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReceivePlan, port, run, producers, realistic_text, payload, silence_s, series_s,
                                   live_s, socket)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReceiveResult, producers, delivered, bytes, faults, e2e_us, first_ns, last_ns, eof,
                                   usage, series)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StorePlan, directory, run, producers, realistic_text, payload)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StoreResult, producers, delivered, bytes, faults, files, file_bytes, plain_bytes,
                                   compressor_bytes_per_s, compressor_ratio)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RooflinePlan, path, port, duration_s, text_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RooflineResult, messages, bytes, sum, first_ns, last_ns, usage)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SuspendPlan, logger, address, run, board, peer, threads, calls, first_call, fill,
                                   wait_connected, payload, buffer_capacity, overflow_mode, timeout_ms, exit_flush_ms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MachineResult, clock_reading_ns, clock_pair_ns, counter_ns, increment_ns,
                                   copy_messages_per_s, copy_bytes_per_s, filtered_ns)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkPlan, kind, address, run, logger, logging, member, members, threads, operations,
                                   directory)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkResult, offered, books, flushed, begin_ns, end_ns, call_ns, clock_overhead_ns,
                                   operation_ns, counters, usage)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VisitPlan, address, run, logger, visits, contexts, messages, payload)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Held, t_s, rss, fds, threads)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VisitResult, offered, books, flushed, begin_ns, end_ns, held, usage)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RecountPlan, directory, kind, runs, threads, payload)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RecountResult, delivered, bytes, of_member, counters, faults, file_bytes)

template <class T>
std::string to_wire(const T& value) {
  return Json(value).dump();
}

template <class T>
T from_wire(const std::string& text) {
  return Json::parse(text).get<T>();
}

#define DLT_ON_THE_WIRE(T)                   \
  template std::string to_wire<T>(const T&); \
  template T from_wire<T>(const std::string&);

DLT_ON_THE_WIRE(ProducePlan)
DLT_ON_THE_WIRE(ProduceResult)
DLT_ON_THE_WIRE(LoggerBooks)
DLT_ON_THE_WIRE(ReceivePlan)
DLT_ON_THE_WIRE(ReceiveResult)
DLT_ON_THE_WIRE(StorePlan)
DLT_ON_THE_WIRE(StoreResult)
DLT_ON_THE_WIRE(RooflinePlan)
DLT_ON_THE_WIRE(RooflineResult)
DLT_ON_THE_WIRE(SuspendPlan)
DLT_ON_THE_WIRE(MachineResult)
DLT_ON_THE_WIRE(WorkPlan)
DLT_ON_THE_WIRE(WorkResult)
DLT_ON_THE_WIRE(VisitPlan)
DLT_ON_THE_WIRE(VisitResult)
DLT_ON_THE_WIRE(RecountPlan)
DLT_ON_THE_WIRE(RecountResult)

}  // namespace dlt::bench
