// A workload does real work in memory, logs each operation as a structured message, and counts for itself what came of
// it. Its recount finds the same figures in the stored log alone; the case compares the two.
//
// One object per process. Workload: prepare() and run() by the worker's main thread, which starts the threads that
// work. Recount: one thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "harness/crew_plan.hpp"
#include "workloads/fields.hpp"
#include "workloads/work_log.hpp"

namespace dlt::bench {

class Workload {
 public:
  virtual ~Workload() = default;
  virtual void prepare() {}  // before anybody begins
  virtual void run(WorkLog& log) = 0;
  // After run().
  [[nodiscard]] virtual Counters counters() const = 0;
  [[nodiscard]] const Histogram& operation_ns() const noexcept { return operation_ns_; }

 protected:
  Histogram operation_ns_;
};

class Recount {
 public:
  virtual ~Recount() = default;
  // A message of a member, in the order in which its thread logged it.
  virtual void take(std::size_t member, const Fields& fields) = 0;
  // Of each member, under the names that its Workload uses.
  [[nodiscard]] virtual std::vector<Counters> counters() = 0;
};

struct WorkloadKind {
  std::string_view name;
  std::unique_ptr<Workload> (*make)(const WorkPlan& plan);
  std::unique_ptr<Recount> (*recount)(std::size_t members);
  unsigned (*logging_threads)(unsigned threads);  // of a member whose plan has so many threads
};
// nullptr: there is none.
[[nodiscard]] const WorkloadKind* find_workload(std::string_view name) noexcept;

// A step of splitmix64: what work there is to do, and in which order, is the same in every run.
[[nodiscard]] constexpr std::uint64_t scrambled(std::uint64_t n) noexcept {
  n += 0x9e3779b97f4a7c15U;
  n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9U;
  n = (n ^ (n >> 27)) * 0x94d049bb133111ebU;
  return n ^ (n >> 31);
}

[[nodiscard]] std::unique_ptr<Workload> make_database(const WorkPlan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_service(const WorkPlan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_queue(const WorkPlan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_cache(const WorkPlan& plan);
[[nodiscard]] std::unique_ptr<Workload> make_primes(const WorkPlan& plan);
[[nodiscard]] std::unique_ptr<Recount> recount_database(std::size_t members);
[[nodiscard]] std::unique_ptr<Recount> recount_services(std::size_t members);
[[nodiscard]] std::unique_ptr<Recount> recount_queues(std::size_t members);
[[nodiscard]] std::unique_ptr<Recount> recount_caches(std::size_t members);
[[nodiscard]] std::unique_ptr<Recount> recount_primes(std::size_t members);

}  // namespace dlt::bench
