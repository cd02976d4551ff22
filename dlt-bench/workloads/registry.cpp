#include <array>

#include "workloads/queue.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned as_planned(unsigned threads) { return threads; }
constexpr unsigned with_consumers(unsigned producers) { return producers + queue_consumers; }

constexpr std::array kinds{
    WorkloadKind{"database", make_database, recount_database, as_planned},
    WorkloadKind{"service", make_service, recount_services, as_planned},
    WorkloadKind{"queue", make_queue, recount_queues, with_consumers},
    WorkloadKind{"cache", make_cache, recount_caches, as_planned},
    WorkloadKind{"primes", make_primes, recount_primes, as_planned},
};

}  // namespace

const WorkloadKind* find_workload(std::string_view name) noexcept {
  for (const auto& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace dlt::bench
