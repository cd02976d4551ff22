#include "cases.hpp"

#include <array>

namespace dlt::bench {
namespace {

constexpr std::array list{
    Case{"quick", "in at most 30 s: does it work, and roughly how fast", run_quick, true},
    Case{"roofline", "what can this machine do without library and daemon", run_roofline_case},
    Case{"throughput", "highest sustained rate without loss, to the daemon, a client, a file; by Unix socket and TCP",
         run_throughput},
    Case{"latency", "what does a call cost, and how long does a message take to a client", run_latency},
    Case{"overflow-overwrite", "full buffers: the oldest go, which ones arrive, what does it cost",
         run_overflow_overwrite},
    Case{"overflow-drop", "full buffers: the newest are not taken, which ones arrive, what does it cost",
         run_overflow_drop},
    Case{"overflow-timeout", "full buffers: the call waits for room, at most its timeout", run_overflow_timeout},
    Case{"overflow-all", "the three overflow modes", run_overflow_all, true},
    Case{"concurrency-single", "1 thread logs, lossless: the baseline", run_concurrency_single},
    Case{"concurrency-mpsc", "4 threads log at once, lossless: what does it cost each of them", run_concurrency_mpsc},
    Case{"concurrency-scale", "1 to 16 threads (to 64 with --threads): speed-up and efficiency", run_concurrency_scale},
    Case{"suspend-basic", "2 of 8 threads stopped inside a log call: do the others go on", run_suspend_basic},
    Case{"suspend-cascade", "each of 8 threads stopped in turn, two at a time: do the others go on",
         run_suspend_cascade},
    Case{"suspend-immediate", "a thread stopped right after its first message: do the others go on",
         run_suspend_immediate},
    Case{"suspend-advantage", "2, 4, 6 of 8 threads stopped, beside a logger with a mutex", run_suspend_advantage},
    Case{"suspend-every", "a thread held at each instruction of its log call: where can others not go on",
         run_suspend_every},
    Case{"suspend-all", "all of the suspend cases", run_suspend_all, true},
    Case{"concurrency-burst", "10,000 messages at once against as many paced: what is absorbed, at what latency",
         run_concurrency_burst},
    Case{"concurrency-all", "the four of concurrency", run_concurrency_all, true},
    Case{"buffer-count", "1 to 8 buffers, mixed levels: does more of them help, what does one cost", run_buffer_count},
    Case{"buffer-size", "512 to 8192 messages: the burst that survives, memory against throughput", run_buffer_size},
    Case{"batch-size", "messages per writev, throughput and latency by the size of a batch", run_batch_size},
    Case{"buffer-all", "the three of buffers", run_buffer_all, true},
    Case{"keep-up", "the highest rate without loss or growing backlog, and what happens beyond it", run_keep_up},
    Case{"soak", "--duration at half of that: does anything grow, is anything lost", run_soak},
    Case{"reconnect", "after the daemon was killed and restarted: how soon do messages flow again", run_reconnect},
    Case{"full", "everything but targets, in 10 min or --budget", run_full, true},
    Case{"footprint", "what do an idle application and daemon use, and what a queued message", run_footprint},
    Case{"instructions", "instructions, allocations, locks and system calls in a log call, step by step",
         run_instructions},
    Case{"compare", "the same load through the incumbent's library and daemon, spdlog and syslog, in turns with ours",
         run_compare},
    Case{"targets", "every figure to reach: measured, met or missed", run_targets, true},

    // The system suite.
    Case{"system", "all of the system suite in 30 min or --budget, its criteria judged", run_system, true},
    Case{"system-quick", "the same in brief: a minute", run_system_quick, true},
    Case{"stress-fragmentation", "connect, log, disconnect, 10,000 times: does anything grow, is anything lost",
         run_stress_fragmentation},
    Case{"stress-cpu", "threads that compute on every CPU and log their results: by how much are they slowed down",
         run_stress_cpu},
    Case{"stress-network", "16 and 32 processes by TCP, 100,000 messages each: is everything in the file",
         run_stress_network},
    Case{"stress-memory", "100 clients with full buffers of 100,000 meet a daemon whose memory is limited",
         run_stress_memory},
    Case{"sim-database", "8 nodes of a database: operations/s with and without logging; the log replayed",
         run_sim_database},
    Case{"sim-microservice", "6 services: latency of requests with and without logging; traces joined from the log",
         run_sim_microservice},
    Case{"sim-queue", "4 message queues: everything produced is consumed; lag recomputed from the log", run_sim_queue},
    Case{"sim-cache", "6 caches: hit rate recomputed from the log", run_sim_cache},
    Case{"max-threads", "1 to 1024 threads that log at once: the last number that loses nothing", run_max_threads},
    Case{"max-connections", "1 to 1000 applications, 1 to 10,000 contexts: the last number that is let in whole",
         run_max_connections},
    Case{"max-throughput", "the highest lossless rate of up to 16 threads, held for 10 s, to a client and to a file",
         run_max_throughput},
    Case{"max-buffer-ops", "the library's queue alone: messages/s by producers, drainers and capacity",
         run_max_buffer_ops},
    Case{"max-memory", "bytes of memory for each message that waits, on the wire, in the file", run_max_memory},
    Case{"max-snapshot", "1,000 to a million recorded messages become a file: time of each stage, bytes",
         run_max_snapshot},
    Case{"snapshot-concurrent", "8 applications that log all the while, one trigger: a file of each, what does it cost",
         run_snapshot_concurrent},
    Case{"snapshot-crash", "500 processes die at random points: is every committed message in the file",
         run_snapshot_crash},
    Case{"serialize", "DLT, CBOR and JSON, each with zstd: time and bytes for each message, both ways", run_serialize},
    Case{"micro", "single log calls by number of arguments and length of text, with Google Benchmark", run_micro},

    Case{"node-scale", "2 to 16 nodes with 1 to 32 workers each, by TCP to one daemon: what arrives, how does it scale",
         run_node_scale},
    Case{"cluster", "2 to 16 nodes with a daemon each, a gateway that gathers them over narrow, lossy links",
         run_cluster},
    Case{"network-latency", "round trips of 1 to 100 ms to the daemon: throughput, and the way of a message",
         run_network_latency},
    Case{"network-loss", "0 to 5 % of the packets lost on the way to the daemon: the same", run_network_loss},
    Case{"network-congestion", "4 nodes log to each other over a link that is too narrow: is anything lost",
         run_network_congestion},
    Case{"network-faults", "cut, reset, half-open, daemon killed, slow reader: is anything lost, how soon does it flow",
         run_network_faults},
};

}  // namespace

std::span<const Case> cases() noexcept { return list; }

const Case* find_case(std::string_view name) noexcept {
  for (const auto& c : list)
    if (name == c.name) return &c;
  return nullptr;
}

}  // namespace dlt::bench
