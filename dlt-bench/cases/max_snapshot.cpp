// A flight recorder of so many messages becomes a file: how long each stage takes, and how large it is.
#include <algorithm>
#include <thread>

#include "cases.hpp"
#include "harness/board.hpp"
#include "harness/crew.hpp"
#include "harness/error.hpp"
#include "harness/measure.hpp"
#include "harness/record_plan.hpp"
#include "harness/report.hpp"
#include "harness/snapshot_directory.hpp"
#include "harness/snapshot_read.hpp"
#include "harness/wire.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned default_threads = 4, most_threads = 14;  // rings of 64 MiB: 1 GiB is all that a recorder may have
constexpr std::uint64_t frame_bytes = 57;                   // without the text
constexpr std::uint64_t smallest_ring = 16 << 10, largest_ring = 64 << 20;

constexpr unsigned at_once = 10;  // more often than once a second an application may not ask

// So that nothing is overwritten.
std::uint64_t ring_for(std::uint64_t messages, unsigned payload) {
  return messages * (frame_bytes + payload) * 5 / 4 + smallest_ring;
}

RecordPlan plan_of(const Load& load, std::uint64_t messages, unsigned threads) {
  RecordPlan plan;
  plan.run = next_run_id();
  plan.logger = load.logger;
  plan.threads = threads;
  plan.payload = load.payload.value_or(plan.payload);
  plan.messages = messages / threads;
  plan.ring_bytes = static_cast<std::uint32_t>(ring_for(plan.messages, plan.payload));
  return plan;
}

void read_back(Sample& s, const SnapshotAnswered& answer, const RecordPlan& plan) {
  s.offered = s.accepted = plan.messages * plan.threads;
  s.seconds = static_cast<double>(answer.ns) * 1e-9;
  if (!answer.problem.empty()) {
    s.faults.push_back("no snapshot: " + answer.problem);
    return;
  }
  const SnapshotContent content = read_snapshot(answer.path, plan.threads, plan.payload);
  const std::vector<Witnessed> all(plan.threads, {plan.messages, plan.messages});
  const SnapshotVerdict verdict = judge_snapshot(content, all, plan.ring_bytes);
  s.delivered = content.messages;
  for (const SnapshotThread& t : content.threads) s.delivered_bytes += t.bytes;
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered);
  s.extra["file_each"] = static_cast<double>(content.file_bytes) / std::max(1.0, static_cast<double>(s.delivered));
  s.faults = verdict.faults;
  if (s.unaccounted != 0 && s.faults.empty()) s.faults.emplace_back("not all messages are in the file");
}

Row snapshot(const Load& load, std::uint64_t messages, unsigned threads) {
  Row row;
  row.case_name = "max-snapshot";
  row.config = {{"messages", human(double(messages)) + " messages"},
                {"threads", std::to_string(threads) + (threads == 1 ? " thread" : " threads")}};
  if (load.logger != "dlt") row.config.emplace_back("logger", "logger " + load.logger);
  progress("max-snapshot: " + row.label(), 2);
  const SnapshotDirectory directory;
  const BoardMemory board;
  Crew crew({Store::none, false, directory.settings()});
  RecordPlan plan = plan_of(load, messages, threads);
  plan.address = crew.daemon().unix_address();
  plan.board = board.path();
  crew.join("record", Json(plan).dump());
  crew.wait_ready();
  (void)crew.ask("go");
  const unsigned repeats = load.repeat.value_or(load.brief ? 2 : 5);
  for (unsigned i = 0; i < repeats; ++i) {
    if (i >= at_once) std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    Sample& s = row.samples.emplace_back();
    const Usage before = usage_of(crew.daemon().pid());
    read_back(s, Json::parse(crew.ask("snapshot").front()).get<SnapshotAnswered>(), plan);
    row.faults.insert(row.faults.end(), s.faults.begin(), s.faults.end());
    s.extra["whole_ms"] = s.seconds * 1e3;
    const Json stages = Json::parse(crew.daemon().status_text()).at("snapshots").at("last_us");
    for (const char* stage : {"read", "compress", "sync"})
      s.extra[std::string(stage) + "_ms"] = stages.at(stage).get<double>() * 1e-3;
    s.daemon = usage_of(crew.daemon().pid()).since(before);
    directory.clear();
  }
  crew.dismiss();
  const auto median = [&row](const char* key) {
    return human(spread(row, [key](const Sample& s) {
                   const auto at = s.extra.find(key);
                   return at == s.extra.end() ? 0.0 : at->second;
                 }).median);
  };
  row.notes.push_back("ms: " + median("whole_ms") + " from the request to the answer; " + median("read_ms") +
                      " to read, " + median("compress_ms") + " to compress, " + median("sync_ms") +
                      " to sync; bytes of the file for each message: " + median("file_each"));
  progress_done();
  return row;
}

}  // namespace

Numbers run_max_snapshot(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("max-snapshot", "left out: what a running daemon writes is not ours to delete");
    return numbers;
  }
  std::vector<std::uint64_t> counts{1000, 10'000, 100'000, 1'000'000};
  if (load.brief) counts = {1000, 100'000};
  if (load.messages) counts = {*load.messages};
  const unsigned threads = std::clamp(load.threads.value_or(default_threads), 1U, most_threads);
  for (const std::uint64_t n : counts) {
    if (ring_for(n / threads, load.payload.value_or(RecordPlan().payload)) <= largest_ring) {
      numbers.rows.push_back(snapshot(load, std::max<std::uint64_t>(n, threads), threads));
      continue;
    }
    const std::string why = "a recorder keeps at most 64 MiB of a thread: --threads";
    if (load.messages) throw BenchError(std::to_string(n) + " messages do not fit, " + why);
    numbers.facts.emplace_back("max-snapshot, " + human(double(n)) + " messages", "left out: " + why);
  }
  return numbers;
}

}  // namespace dlt::bench
