#include "cases/compare_loggers.hpp"

#include <cstdlib>
#include <fstream>

#include "harness/ledger.hpp"
#include "harness/measure.hpp"
#include "harness/scratch.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds answer_limit{120};

// The same producing process as for every other logger. The time ends when the logger has handed over all.
Sample produce(const ProducePlan& plan) {
  Child producer = start_worker("produce", to_wire(plan));
  (void)producer.receive(answer_limit);  // ready
  producer.send("go");
  (void)producer.receive(answer_limit);  // produced
  producer.send("flush");
  const auto produced = from_wire<ProduceResult>(producer.receive(answer_limit));
  producer.send("end");
  (void)producer.stop(0, Seconds(10));
  Sample s;
  s.offered = s.accepted = produced.offered_total();
  s.call_ns = produced.call_ns;
  s.clock_overhead_ns = produced.clock_overhead_ns;
  s.application = produced.usage;
  s.seconds = static_cast<double>(produced.flushed_ns - produced.begin_ns) * 1e-9;
  return s;
}

ProducePlan peer_plan(const ProducePlan& asked, const char* logger, const std::string& address) {
  ProducePlan plan = asked;
  plan.logger = logger;
  plan.address = address;
  plan.run = next_run_id();
  plan.wait_connected = false;
  return plan;
}

// "[time] [name] [level] NUMBER SENT TEXT"; the number carries producer and sequence.
bool enter_line(const std::string& line, Ledger& ledger) {
  const auto level = line.find("[info] ");
  if (level == std::string::npos) return false;
  const char* at = line.c_str() + level + 7;
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(at, &end, 10);
  const auto text = line.find(' ', static_cast<std::size_t>(end - line.c_str()) + 1);
  if (end == at || text == std::string::npos) return false;
  ledger.enter({number >> sequence_bits, number & ((std::uint64_t{1} << sequence_bits) - 1), 0,
                std::string_view(line).substr(text + 1)},
               line.size() + 1);
  return true;
}

}  // namespace

Sample run_spdlog(const ProducePlan& asked) {
  const Scratch scratch;
  const std::string file = (scratch.path() / "spdlog.txt").string();
  const ProducePlan plan = peer_plan(asked, "spdlog", file);
  Sample s = produce(plan);
  const Texts texts = Texts::fixed(plan.payload);
  Ledger ledger(plan.threads, texts);
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (!enter_line(line, ledger)) ledger.enter_corrupt();
  s.delivered = ledger.delivered();
  s.delivered_bytes = ledger.bytes();
  s.faults = ledger.faults();
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered);
  return s;
}

Sample run_syslog(const ProducePlan& asked) {
  Sample s = produce(peer_plan(asked, "syslog", ""));
  s.delivered = s.accepted;
  return s;
}

Sample run_syslog_to_reader(const ProducePlan& asked) {
  const Scratch scratch;
  const ProducePlan plan = peer_plan(asked, "syslog", (scratch.path() / "reader.sock").string());
  ReceivePlan receive;
  receive.socket = plan.address;
  receive.run = plan.run;
  receive.producers = plan.threads;
  receive.payload = plan.payload;
  Child reader = start_worker("syslog", to_wire(receive));
  (void)reader.receive(answer_limit);  // ready
  Sample s = produce(plan);
  reader.send(std::to_string(s.offered));
  const auto received = from_wire<ReceiveResult>(reader.receive(answer_limit));
  s.delivered = received.delivered;
  s.delivered_bytes = received.bytes;
  s.faults = received.faults;
  s.e2e_us = received.e2e_us;
  s.client = received.usage;
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered);
  return s;
}

}  // namespace dlt::bench
