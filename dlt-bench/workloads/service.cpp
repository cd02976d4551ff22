// Six services, each a process, one behind the other: each checks the request, looks something up in its store, asks
// the next one, and answers.
//
// What becomes of a request is in the request: 5 % name an endpoint that does not exist (400, the first service finds
// out), 3 % an item that one of the other services does not have (500), 2 % a shard that one of them has closed (503).
// Each service logs a span of the trace; the one that decides says so. A trace is complete when the log has one span of
// each service from the first to the deciding one, all with the same status.
#include "workloads/service.hpp"

#include <mutex>
#include <unordered_map>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "workloads/together.hpp"
#include "workloads/workload.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t items = 2000, shards = 16, closed_shard = shards - 1;
constexpr std::uint64_t ok = 200, bad_request = 400, failed = 500, unavailable = 503;

ServiceRequest make_request(std::uint64_t n) {
  ServiceRequest r;
  r.trace = n + 1;
  r.endpoint = n % service_endpoints;
  r.shard = scrambled(n) % closed_shard;
  for (std::size_t i = 0; i < r.item.size(); ++i) r.item[i] = scrambled(n * 7 + i) % items;
  const std::uint64_t fate = n * 37 % 100;  // of a hundred in a row each once
  const std::uint64_t where = 1 + n / 100 % (service_chain - 1);
  if (fate < 5) r.endpoint += service_endpoints;
  else if (fate < 8) r.item[where] += items;
  else if (fate < 10) r.shard = closed_shard + where;
  return r;
}

// What a service keeps: items by number, used by all its threads.
class Store {
 public:
  explicit Store(unsigned service) : service_(service) {
    for (std::uint64_t i = 0; i < items; ++i) stock_[i] = scrambled(i);
  }
  // 0: go on; else the status that this service decides on.
  std::uint64_t handle(const ServiceRequest& r) {
    if (service_ == 0 && r.endpoint >= service_endpoints) return bad_request;
    if (r.shard == closed_shard + service_) return unavailable;
    const std::lock_guard lock(mutex_);
    const auto at = stock_.find(r.item[service_]);
    if (at == stock_.end()) return failed;
    at->second = scrambled(at->second ^ r.trace);
    return 0;
  }

 private:
  unsigned service_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::uint64_t> stock_;
};

void count(Counters& c, std::uint64_t status) {
  ++c["spans"];
  ++c["status_" + std::to_string(status)];
}

class Service : public Workload {
 public:
  explicit Service(const WorkPlan& plan) : plan_(plan), store_(plan.member), of_thread_(plan.threads) {
    if (plan.members != service_chain) throw BenchError("the services are six");
  }

  void prepare() override {
    if (plan_.member != 0) door_.open(service_path(plan_.directory, plan_.member));
  }
  void run(WorkLog& log) override {
    std::vector<Histogram> latencies(plan_.threads);
    together(plan_.threads, [&](unsigned thread) {
      ServicePeer next;
      if (plan_.member + 1 < service_chain)
        next = ServicePeer::connect(service_path(plan_.directory, plan_.member + 1));
      if (plan_.member == 0) ask(thread, next, log.of(thread), latencies[thread]);
      else serve(thread, next, log.of(thread));
    });
    for (const Histogram& h : latencies) operation_ns_.merge(h);
  }
  [[nodiscard]] Counters counters() const override {
    Counters all;
    for (const Counters& c : of_thread_)
      for (const auto& [name, n] : c) all[name] += n;
    return all;
  }

 private:
  // The edge: its threads are the users too.
  void ask(unsigned thread, ServicePeer& next, ThreadLog& log, Histogram& latency) {
    for (std::uint64_t n = thread; n < plan_.operations; n += plan_.threads) {
      const std::uint64_t begin = now_ns();
      (void)handle(make_request(n), next, log, of_thread_[thread]);
      latency.record(now_ns() - begin);
      ++of_thread_[thread]["complete"];
    }
  }
  void serve(unsigned thread, ServicePeer& next, ThreadLog& log) {
    ServicePeer caller = door_.accept();
    for (ServiceRequest r; caller.receive(r);)
      caller.send(ServiceReply{r.trace, handle(r, next, log, of_thread_[thread])});
  }
  std::uint64_t handle(const ServiceRequest& r, ServicePeer& next, ThreadLog& log, Counters& counters) {
    const std::uint64_t begin = now_ns();
    std::uint64_t status = store_.handle(r);
    const bool decides = status != 0 || plan_.member + 1 == service_chain;
    if (status == 0) status = decides ? ok : forward(r, next);
    count(counters, status);
    log(kv("trace", r.trace), kv("service", plan_.member), kv("endpoint", r.endpoint), kv("status", status),
        kv("decides", decides), kv("ns", now_ns() - begin));
    return status;
  }
  static std::uint64_t forward(const ServiceRequest& r, ServicePeer& next) {
    ServiceReply reply;
    next.send(r);
    if (!next.receive(reply) || reply.trace != r.trace) throw BenchError("the next service does not answer");
    return reply.status;
  }

  const WorkPlan& plan_;
  Store store_;
  ServiceDoor door_;
  std::vector<Counters> of_thread_;
};

class ServiceRecount : public Recount {
 public:
  explicit ServiceRecount(std::size_t members) : counters_(members) {}

  void take(std::size_t member, const Fields& f) override {
    const std::uint64_t status = f.number("status");
    Trace& t = traces_[f.number("trace")];
    t.consistent = t.consistent && f.number("service") == member && (t.seen >> member & 1U) == 0 &&
                   (t.seen == 0 || t.status == status);
    t.seen |= 1U << member;
    t.status = status;
    if (f.number("decides") != 0) t.deciding |= 1U << member;
    count(counters_[member], status);
  }
  [[nodiscard]] std::vector<Counters> counters() override {
    for (const auto& [id, t] : traces_)
      // One decides, and there is one span of each up to that one.
      counters_[0]["complete"] +=
          t.consistent && std::has_single_bit(t.deciding) && t.seen == (t.deciding | (t.deciding - 1)) ? 1U : 0U;
    return counters_;
  }

 private:
  struct Trace {
    std::uint32_t seen = 0, deciding = 0;  // bits of services
    std::uint64_t status = 0;
    bool consistent = true;
  };
  std::unordered_map<std::uint64_t, Trace> traces_;
  std::vector<Counters> counters_;
};

}  // namespace

std::unique_ptr<Workload> make_service(const WorkPlan& plan) { return std::make_unique<Service>(plan); }
std::unique_ptr<Recount> recount_services(std::size_t members) { return std::make_unique<ServiceRecount>(members); }

}  // namespace dlt::bench
