// A bounded queue between threads: producers wait for room, consumers take all there is and check it.
//
// Both ends log the message's number and the moment. From these alone the log tells that everything that was produced
// was consumed, once, and how long each message waited.
#include "workloads/queue.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "harness/clock.hpp"
#include "workloads/together.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

struct Item {
  std::uint64_t id = 0;
  std::uint64_t pushed_ns = 0;
  std::array<std::uint64_t, 32> data{};
};

class BoundedQueue {
 public:
  explicit BoundedQueue(unsigned producers) : producers_(producers) {}

  // Stamps the item when there is room for it.
  std::uint64_t push(Item& item) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return items_.size() < most; });
    item.pushed_ns = now_ns();
    items_.push_back(item);
    lock.unlock();
    some_.notify_one();
    return item.pushed_ns;
  }
  // Nothing: every producer has gone and all is taken.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [this] { return !items_.empty() || producers_ == 0; });
    if (items_.empty()) return {};
    std::optional<Item> item = items_.front();
    items_.pop_front();
    lock.unlock();
    room_.notify_one();
    return item;
  }
  void producer_gone() {
    const std::lock_guard lock(mutex_);
    if (--producers_ == 0) some_.notify_all();
  }

 private:
  static constexpr std::size_t most = 256;
  std::mutex mutex_;
  std::condition_variable room_, some_;
  std::deque<Item> items_;
  unsigned producers_;
};

struct Tally {
  std::uint64_t produced = 0, consumed = 0, lag_sum_ns = 0, lag_max_ns = 0, damaged = 0;

  void consume(std::uint64_t lag_ns) {
    ++consumed;
    lag_sum_ns += lag_ns;
    lag_max_ns = std::max(lag_max_ns, lag_ns);
  }
  void add_to(Counters& c) const {
    c["produced"] += produced, c["consumed"] += consumed, c["lag_sum_ns"] += lag_sum_ns;
    c["lag_max_ns"] = std::max(c["lag_max_ns"], lag_max_ns);
    c["wrong"] += damaged;
  }
};

class QueueWorkload : public Workload {
 public:
  explicit QueueWorkload(const WorkPlan& plan)
      : plan_(plan), queue_(plan.threads), tallies_(plan.threads + queue_consumers), lags_(queue_consumers) {}

  void run(WorkLog& log) override {
    together(plan_.threads + queue_consumers, [&](unsigned thread) {
      if (thread < plan_.threads) produce(thread, log.of(thread), tallies_[thread]);
      else consume(log.of(thread), tallies_[thread], lags_[thread - plan_.threads]);
    });
    for (const Histogram& h : lags_) operation_ns_.merge(h);
  }
  [[nodiscard]] Counters counters() const override {
    Counters all;
    for (const Tally& t : tallies_) t.add_to(all);
    return all;
  }

 private:
  void produce(unsigned thread, ThreadLog& log, Tally& tally) {
    const std::uint64_t share = plan_.operations / plan_.threads;
    for (std::uint64_t i = 0; i < share; ++i) {
      Item item;
      item.id = thread * share + i;
      std::uint64_t word = item.id;
      for (std::uint64_t& w : item.data) w = word = scrambled(word);
      const std::uint64_t at = queue_.push(item);
      ++tally.produced;
      log(kv("event", "produced"), kv("id", item.id), kv("at", at));
    }
    queue_.producer_gone();
  }
  void consume(ThreadLog& log, Tally& tally, Histogram& lags) {
    while (const auto item = queue_.pop()) {
      const std::uint64_t at = now_ns();
      tally.consume(at - item->pushed_ns);
      lags.record(at - item->pushed_ns);
      std::uint64_t word = item->id;
      for (const std::uint64_t w : item->data) tally.damaged += w == (word = scrambled(word)) ? 0U : 1U;
      log(kv("event", "consumed"), kv("id", item->id), kv("at", at));
    }
  }

  const WorkPlan& plan_;
  BoundedQueue queue_;
  std::vector<Tally> tallies_;
  std::vector<Histogram> lags_;
};

class QueueRecount : public Recount {
 public:
  explicit QueueRecount(std::size_t members) : members_(members) {}

  // The two messages of an item are of different threads: either may come first.
  void take(std::size_t member, const Fields& f) override {
    Member& m = members_[member];
    Times& times = m.items[f.number("id")];
    std::uint64_t& at = f.text("event") == "produced" ? times.produced : times.consumed;
    m.tally.damaged += at == 0 ? 0U : 1U;  // twice
    at = f.number("at");
  }
  [[nodiscard]] std::vector<Counters> counters() override {
    std::vector<Counters> all;
    for (Member& m : members_) {
      for (const auto& [id, times] : m.items) {
        m.tally.produced += times.produced != 0 ? 1U : 0U;
        if (times.consumed == 0) continue;
        m.tally.consume(times.consumed - times.produced);
      }
      m.tally.add_to(all.emplace_back());
    }
    return all;
  }

 private:
  struct Times {
    std::uint64_t produced = 0, consumed = 0;
  };
  struct Member {
    std::unordered_map<std::uint64_t, Times> items;
    Tally tally;
  };
  std::vector<Member> members_;
};

}  // namespace

std::unique_ptr<Workload> make_queue(const WorkPlan& plan) { return std::make_unique<QueueWorkload>(plan); }
std::unique_ptr<Recount> recount_queues(std::size_t members) { return std::make_unique<QueueRecount>(members); }

}  // namespace dlt::bench
