// Threads that compute: how many primes there are in one block of numbers after the other, by trial division.
#include <atomic>

#include "workloads/together.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t first = 1'000'003, block_size = 64;

struct Found {
  std::uint64_t blocks = 0, primes = 0, sum = 0;

  void add(std::uint64_t more, std::uint64_t their_sum) { ++blocks, primes += more, sum += their_sum; }
  void add_to(Counters& c) const { c["blocks"] += blocks, c["primes"] += primes, c["sum"] += sum; }
};

bool is_prime(std::uint64_t n) noexcept {
  if (n % 2 == 0) return false;
  for (std::uint64_t d = 3; d * d <= n; d += 2)
    if (n % d == 0) return false;
  return true;
}

class Primes : public Workload {
 public:
  explicit Primes(const WorkPlan& plan) : plan_(plan), found_(plan.threads) {}

  void run(WorkLog& log) override {
    std::atomic<std::uint64_t> next{0};
    together(plan_.threads, [&](unsigned thread) {
      for (std::uint64_t block = 0; (block = next.fetch_add(1)) < plan_.operations;)
        compute(block, log.of(thread), found_[thread]);
    });
  }
  [[nodiscard]] Counters counters() const override {
    Counters all;
    for (const Found& f : found_) f.add_to(all);
    return all;
  }

 private:
  static void compute(std::uint64_t block, ThreadLog& log, Found& found) {
    std::uint64_t primes = 0, sum = 0;
    const std::uint64_t from = first + block * block_size;
    for (std::uint64_t n = from; n < from + block_size; ++n)
      if (is_prime(n)) ++primes, sum += n;
    found.add(primes, sum);
    log(kv("block", block), kv("from", from), kv("primes", primes), kv("sum", sum));
  }

  const WorkPlan& plan_;
  std::vector<Found> found_;
};

class PrimesRecount : public Recount {
 public:
  explicit PrimesRecount(std::size_t members) : found_(members) {}

  void take(std::size_t member, const Fields& f) override { found_[member].add(f.number("primes"), f.number("sum")); }
  [[nodiscard]] std::vector<Counters> counters() override {
    std::vector<Counters> all(found_.size());
    for (std::size_t i = 0; i < all.size(); ++i) found_[i].add_to(all[i]);
    return all;
  }

 private:
  std::vector<Found> found_;
};

}  // namespace

std::unique_ptr<Workload> make_primes(const WorkPlan& plan) { return std::make_unique<Primes>(plan); }
std::unique_ptr<Recount> recount_primes(std::size_t members) { return std::make_unique<PrimesRecount>(members); }

}  // namespace dlt::bench
