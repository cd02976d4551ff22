// A cache in memory: least recently used entries go when it is full, all threads use it at once under its mutex.
//
// Operation i is about key i mod 2000; i mod 3 says what it is: 0 look it up, 1 put it in, 2 take it out. 1,000 keys
// are there at the start. Which look-ups hit depends on how the threads meet; the log must know it all the same.
#include <array>
#include <list>
#include <mutex>
#include <unordered_map>

#include "workloads/together.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t keys = 2000, preloaded = 1000;
constexpr std::size_t most_entries = 1000;
enum class Kind : std::uint32_t { get, put, erase };

struct Outcome {
  bool hit = false;      // it was there before
  bool evicted = false;  // another one had to go
  std::uint64_t value = 0;
};

class Cache {
 public:
  Outcome get(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto at = index_.find(key);
    if (at == index_.end()) return {};
    entries_.splice(entries_.begin(), entries_, at->second);
    return {true, false, at->second->value.back()};
  }
  Outcome put(std::uint64_t key, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    Outcome outcome;
    auto at = index_.find(key);
    outcome.hit = at != index_.end();
    if (!outcome.hit) {
      outcome.evicted = index_.size() == most_entries;
      if (outcome.evicted) index_.erase(entries_.back().key), entries_.pop_back();
      entries_.push_front({key, {}});
      at = index_.emplace(key, entries_.begin()).first;
    } else {
      entries_.splice(entries_.begin(), entries_, at->second);
    }
    for (std::uint64_t& word : at->second->value) word = outcome.value = version = scrambled(key ^ version);
    return outcome;
  }
  Outcome erase(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    const auto at = index_.find(key);
    if (at == index_.end()) return {};
    entries_.erase(at->second);
    index_.erase(at);
    return {true, false, 0};
  }

 private:
  struct Entry {
    std::uint64_t key;
    std::array<std::uint64_t, 16> value;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // the one that was used last is in front
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> index_;
};

struct Tally {
  std::uint64_t gets = 0, hits = 0, puts = 0, replaced = 0, erases = 0, erased = 0, evicted = 0;

  void add(Kind kind, bool hit, bool evicts) {
    const std::uint64_t was_there = hit ? 1 : 0;
    switch (kind) {
      case Kind::get: ++gets, hits += was_there; break;
      case Kind::put: ++puts, replaced += was_there, evicted += evicts ? 1U : 0U; break;
      case Kind::erase: ++erases, erased += was_there; break;
    }
  }
  void add_to(Counters& c) const {
    c["gets"] += gets, c["hits"] += hits, c["puts"] += puts, c["replaced"] += replaced;
    c["erases"] += erases, c["erased"] += erased, c["evicted"] += evicted;
  }
};

class CacheWorkload : public Workload {
 public:
  explicit CacheWorkload(const WorkPlan& plan) : plan_(plan), tallies_(plan.threads) {}

  void prepare() override {
    for (std::uint64_t key = 0; key < preloaded; ++key) cache_.put(key, 0);
  }
  void run(WorkLog& log) override {
    together(plan_.threads, [&](unsigned thread) {
      for (std::uint64_t i = thread; i < plan_.operations; i += plan_.threads)
        operate(i, log.of(thread), tallies_[thread]);
    });
  }
  [[nodiscard]] Counters counters() const override {
    Counters all;
    for (const Tally& t : tallies_) t.add_to(all);
    return all;
  }

 private:
  void operate(std::uint64_t i, ThreadLog& log, Tally& tally) {
    const std::uint64_t key = i % keys;
    const auto kind = static_cast<Kind>(i % 3);
    const Outcome o = kind == Kind::get ? cache_.get(key) : kind == Kind::put ? cache_.put(key, i) : cache_.erase(key);
    tally.add(kind, o.hit, o.evicted);
    constexpr std::array<std::string_view, 3> names{"get", "put", "erase"};
    log(kv("op", names[i % 3]), kv("key", key), kv("hit", o.hit), kv("evicted", o.evicted), kv("value", o.value));
  }

  const WorkPlan& plan_;
  Cache cache_;
  std::vector<Tally> tallies_;
};

class CacheRecount : public Recount {
 public:
  explicit CacheRecount(std::size_t members) : tallies_(members) {}

  void take(std::size_t member, const Fields& f) override {
    const std::string_view op = f.text("op");
    const Kind kind = op == "get" ? Kind::get : op == "put" ? Kind::put : Kind::erase;
    tallies_[member].add(kind, f.number("hit") != 0, f.number("evicted") != 0);
  }
  [[nodiscard]] std::vector<Counters> counters() override {
    std::vector<Counters> all(tallies_.size());
    for (std::size_t i = 0; i < all.size(); ++i) tallies_[i].add_to(all[i]);
    return all;
  }

 private:
  std::vector<Tally> tallies_;
};

}  // namespace

std::unique_ptr<Workload> make_cache(const WorkPlan& plan) { return std::make_unique<CacheWorkload>(plan); }
std::unique_ptr<Recount> recount_caches(std::size_t members) { return std::make_unique<CacheRecount>(members); }

}  // namespace dlt::bench
