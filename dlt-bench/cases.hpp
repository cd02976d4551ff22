// The list of cases. To add one: a file in cases/, its function here, its line in cases.cpp.
#pragma once

#include <span>
#include <string_view>

#include "case.hpp"

namespace dlt::bench {

[[nodiscard]] std::span<const Case> cases() noexcept;
[[nodiscard]] const Case* find_case(std::string_view name) noexcept;

[[nodiscard]] Numbers run_quick(const Load& load);
[[nodiscard]] Numbers run_roofline_case(const Load& load);
[[nodiscard]] Numbers run_throughput(const Load& load);
[[nodiscard]] Numbers run_latency(const Load& load);
[[nodiscard]] Numbers run_overflow_overwrite(const Load& load);
[[nodiscard]] Numbers run_overflow_drop(const Load& load);
[[nodiscard]] Numbers run_overflow_timeout(const Load& load);
[[nodiscard]] Numbers run_overflow_all(const Load& load);
[[nodiscard]] Numbers run_concurrency_single(const Load& load);
[[nodiscard]] Numbers run_concurrency_mpsc(const Load& load);
[[nodiscard]] Numbers run_concurrency_scale(const Load& load);
[[nodiscard]] Numbers run_suspend_basic(const Load& load);
[[nodiscard]] Numbers run_suspend_cascade(const Load& load);
[[nodiscard]] Numbers run_suspend_immediate(const Load& load);
[[nodiscard]] Numbers run_suspend_advantage(const Load& load);
[[nodiscard]] Numbers run_suspend_every(const Load& load);
[[nodiscard]] Numbers run_suspend_all(const Load& load);
[[nodiscard]] Numbers run_concurrency_burst(const Load& load);
[[nodiscard]] Numbers run_concurrency_all(const Load& load);
[[nodiscard]] Numbers run_buffer_count(const Load& load);
[[nodiscard]] Numbers run_buffer_size(const Load& load);
[[nodiscard]] Numbers run_batch_size(const Load& load);
[[nodiscard]] Numbers run_buffer_all(const Load& load);
[[nodiscard]] Numbers run_keep_up(const Load& load);
[[nodiscard]] Numbers run_soak(const Load& load);
[[nodiscard]] Numbers run_reconnect(const Load& load);
[[nodiscard]] Numbers run_full(const Load& load);
[[nodiscard]] Numbers run_footprint(const Load& load);
[[nodiscard]] Numbers run_instructions(const Load& load);
[[nodiscard]] Numbers run_compare(const Load& load);
[[nodiscard]] Numbers run_targets(const Load& load);
[[nodiscard]] Numbers run_system(const Load& load);
[[nodiscard]] Numbers run_system_quick(const Load& load);

// Nodes in networks of their own.
[[nodiscard]] Numbers run_node_scale(const Load& load);
[[nodiscard]] Numbers run_cluster(const Load& load);
[[nodiscard]] Numbers run_network_latency(const Load& load);
[[nodiscard]] Numbers run_network_loss(const Load& load);
[[nodiscard]] Numbers run_network_congestion(const Load& load);
[[nodiscard]] Numbers run_network_faults(const Load& load);
// The system suite.
[[nodiscard]] Numbers run_stress_fragmentation(const Load& load);
[[nodiscard]] Numbers run_stress_network(const Load& load);
[[nodiscard]] Numbers run_stress_memory(const Load& load);
[[nodiscard]] Numbers run_max_threads(const Load& load);
[[nodiscard]] Numbers run_max_connections(const Load& load);
[[nodiscard]] Numbers run_max_throughput(const Load& load);
[[nodiscard]] Numbers run_max_buffer_ops(const Load& load);
[[nodiscard]] Numbers run_max_memory(const Load& load);
[[nodiscard]] Numbers run_max_snapshot(const Load& load);
[[nodiscard]] Numbers run_snapshot_concurrent(const Load& load);
[[nodiscard]] Numbers run_snapshot_crash(const Load& load);
[[nodiscard]] Numbers run_serialize(const Load& load);
[[nodiscard]] Numbers run_micro(const Load& load);
[[nodiscard]] Numbers run_stress_cpu(const Load& load);
[[nodiscard]] Numbers run_sim_database(const Load& load);
[[nodiscard]] Numbers run_sim_microservice(const Load& load);
[[nodiscard]] Numbers run_sim_queue(const Load& load);
[[nodiscard]] Numbers run_sim_cache(const Load& load);

}  // namespace dlt::bench
