// A table in memory with rows, a mutex and an order of changes; all threads of the node use it at once.
//
// A quarter each are insert, update, delete and select, of keys that are there. Each operation gets the next number of
// the node's log (lsn) under the lock, so its messages, sorted by that number, are a redo log: replayed from the rows
// that were there at the start they must lead to the same table, and each operation must have found its key in the
// version that it says.
#include <algorithm>
#include <array>
#include <mutex>
#include <unordered_map>

#include "workloads/together.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t preloaded = 1000;
enum class Kind : std::uint32_t { insert, update, remove, select };
constexpr std::array<std::string_view, 4> names{"insert", "update", "delete", "select"};

struct Done {
  std::uint64_t lsn = 0, key = 0, version = 0, check = 0;
  bool hit = false;
};

class Table {
 public:
  Table() {
    for (; next_key_ < preloaded; ++next_key_) add(next_key_);
  }
  Done operate(Kind kind, std::uint64_t random) {
    const std::lock_guard lock(mutex_);
    Done done;
    done.lsn = ++lsn_;
    done.key = kind == Kind::insert ? next_key_++ : live_[random % live_.size()];
    if (kind == Kind::insert) add(done.key);
    const auto at = rows_.find(done.key);
    done.hit = at != rows_.end();
    if (!done.hit) return done;
    if (kind == Kind::update) fill(at->second, done.key, at->second.version + 1);
    done.version = at->second.version;
    if (kind == Kind::select)
      for (const std::uint64_t word : at->second.data) done.check ^= word;
    if (kind == Kind::remove) remove(random % live_.size(), at);
    return done;
  }
  // Of a table that nobody uses any more.
  void add_to(Counters& c) const {
    for (const auto& [key, row] : rows_) ++c["rows"], c["state"] += scrambled(key ^ scrambled(row.version));
  }

 private:
  struct Row {
    std::uint64_t version = 0;
    std::array<std::uint64_t, 12> data{};
  };
  using Rows = std::unordered_map<std::uint64_t, Row>;

  static void fill(Row& row, std::uint64_t key, std::uint64_t version) {
    row.version = version;
    std::uint64_t word = key ^ scrambled(version);
    for (std::uint64_t& w : row.data) w = word = scrambled(word);
  }
  void add(std::uint64_t key) {
    fill(rows_[key], key, 1);
    live_.push_back(key);
  }
  void remove(std::size_t place, Rows::iterator at) {
    rows_.erase(at);
    live_[place] = live_.back();
    live_.pop_back();
  }

  std::mutex mutex_;
  Rows rows_;
  std::vector<std::uint64_t> live_;  // keys, to choose from
  std::uint64_t next_key_ = 0, lsn_ = 0;
};

class Database : public Workload {
 public:
  explicit Database(const WorkPlan& plan) : plan_(plan), done_(plan.threads) {}

  void run(WorkLog& log) override {
    together(plan_.threads, [&](unsigned thread) {
      for (std::uint64_t i = thread; i < plan_.operations; i += plan_.threads) {
        const auto kind = static_cast<std::uint32_t>(i / plan_.threads % 4);
        const Done d = table_.operate(static_cast<Kind>(kind), scrambled(i + plan_.member * plan_.operations));
        ++done_[thread][kind];
        done_[thread][4] += d.hit ? 1U : 0U;
        log.of(thread)(kv("lsn", d.lsn), kv("op", names[kind]), kv("key", d.key), kv("version", d.version),
                       kv("hit", d.hit), kv("check", d.check));
      }
    });
  }
  [[nodiscard]] Counters counters() const override {
    Counters all;
    for (const auto& of_thread : done_) {
      for (std::size_t k = 0; k < names.size(); ++k) all[std::string(names[k])] += of_thread[k];
      all["hits"] += of_thread[4];
    }
    all["wrong"] = 0;
    table_.add_to(all);
    return all;
  }

 private:
  const WorkPlan& plan_;
  Table table_;
  std::vector<std::array<std::uint64_t, 5>> done_;  // of each kind, and hits
};

class DatabaseRecount : public Recount {
 public:
  explicit DatabaseRecount(std::size_t members) : logs_(members) {}

  void take(std::size_t member, const Fields& f) override {
    const auto kind = std::find(names.begin(), names.end(), f.text("op")) - names.begin();
    logs_[member].push_back(
        {f.number("lsn"), f.number("key"), f.number("version"), static_cast<std::size_t>(kind), f.number("hit") != 0});
  }
  [[nodiscard]] std::vector<Counters> counters() override {
    std::vector<Counters> all;
    for (auto& log : logs_) all.push_back(replay(log));
    return all;
  }

 private:
  struct Entry {
    std::uint64_t lsn, key, version;
    std::size_t kind;  // place in `names`; behind them: none of these
    bool hit;
  };
  using State = std::unordered_map<std::uint64_t, std::uint64_t>;  // key -> version

  // False: the table cannot have been as the entry says.
  static bool redo(const Entry& e, std::uint64_t lsn, State& state) {
    if (e.lsn != lsn || e.kind >= names.size()) return false;
    const auto at = state.find(e.key);
    const auto kind = static_cast<Kind>(e.kind);
    if (kind == Kind::insert) return state.emplace(e.key, e.version).second;
    if (e.hit != (at != state.end())) return false;
    if (!e.hit) return true;
    if (kind == Kind::update) ++at->second;
    const bool same = at->second == e.version;
    if (kind == Kind::remove) state.erase(at);
    return same;
  }
  static Counters replay(std::vector<Entry>& log) {
    std::sort(log.begin(), log.end(), [](const Entry& a, const Entry& b) { return a.lsn < b.lsn; });
    Counters c;
    for (const auto name : names) c[std::string(name)] = 0;
    c["hits"] = c["wrong"] = 0;
    State state;
    for (std::uint64_t key = 0; key < preloaded; ++key) state[key] = 1;
    std::uint64_t lsn = 0;
    for (const Entry& e : log) {
      if (e.kind < names.size()) ++c[std::string(names[e.kind])];
      c["hits"] += e.hit ? 1U : 0U;
      c["wrong"] += redo(e, ++lsn, state) ? 0U : 1U;
    }
    for (const auto& [key, version] : state) ++c["rows"], c["state"] += scrambled(key ^ scrambled(version));
    return c;
  }

  std::vector<std::vector<Entry>> logs_;
};

}  // namespace

std::unique_ptr<Workload> make_database(const WorkPlan& plan) { return std::make_unique<Database>(plan); }
std::unique_ptr<Recount> recount_database(std::size_t members) { return std::make_unique<DatabaseRecount>(members); }

}  // namespace dlt::bench
