// 100 applications with full buffers of 100,000 messages each meet a daemon that may have only so much memory.
//
// The daemon stands still (SIGSTOP) while they fill their buffers; then it goes on, under a limit for the memory of its
// own (RLIMIT_DATA: what it allocates; not the applications' buffers, which it maps as files and of which it reads
// nothing here).
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

#include "cases.hpp"
#include "harness/error.hpp"
#include "harness/facts.hpp"
#include "harness/measure.hpp"
#include "harness/produce_crew.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr unsigned full_clients = 100, brief_clients = 10;
constexpr std::uint32_t full_buffer = 100'000, brief_buffer = 20'000;
constexpr std::uint64_t allowed_bytes = 64 << 20;  // more than it has when it stands still
constexpr double bytes_each = 100;                 // of a client's message, its process apart
constexpr double process_bytes = 4e6;

// Of /proc/…: a line "Name:  123 kB".
std::uint64_t kib_line(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  for (std::string word; in >> word;)
    if (std::uint64_t kib = 0; word == name && in >> kib) return kib;
  return 0;
}

void limit_memory(pid_t pid) {
  const std::uint64_t now = kib_line("/proc/" + std::to_string(pid) + "/status", "VmData:") * 1024;
  const rlimit limit{now + allowed_bytes, now + allowed_bytes};
  if (::prlimit(pid, RLIMIT_DATA, &limit, nullptr) != 0) throw BenchError("cannot limit the daemon's memory");
}

}  // namespace

Numbers run_stress_memory(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("stress-memory", "left out: a daemon that is not ours is not stopped");
    return numbers;
  }
  const std::uint32_t buffer = load.buffer.value_or(load.brief ? brief_buffer : full_buffer);
  const std::uint64_t messages = load.messages.value_or(buffer);
  const unsigned wanted = load.threads.value_or(load.brief ? brief_clients : full_clients);
  const double room = static_cast<double>(kib_line("/proc/meminfo", "MemAvailable:")) * 1024 / 2;
  const double each = process_bytes + bytes_each * static_cast<double>(messages);
  const unsigned clients = std::clamp(static_cast<unsigned>(room / each), 1U, wanted);

  Producers p;
  p.processes = clients;
  p.plan = plan_of(load, 1);
  p.plan.rate = 0;
  p.plan.buffer_capacity = buffer;
  p.plan.messages = messages;
  p.plan.overflow_mode = 1;
  p.plan.flush_s = 120;
  p.before = [](Crew& crew) { crew.daemon().pause(); };
  p.produced = [](Crew& crew) {
    limit_memory(crew.daemon().pid());
    crew.daemon().resume();
  };
  progress("stress-memory: " + std::to_string(clients) + " clients", 10);
  Crew crew;
  Row row;
  row.case_name = "stress-memory";
  row.config = {{"clients", std::to_string(clients) + " clients"},
                {"buffer", "full buffers of " + human(buffer)},
                {"sink", "zstd file"}};
  if (clients < wanted)
    row.notes.push_back("not " + std::to_string(wanted) +
                        " clients: that is more than half of the memory that is free");
  const Sample& s = row.samples.emplace_back(produce_together(crew, p));
  progress_done();
  row.faults = s.faults;
  row.notes.push_back("the daemon stood still until the buffers were full, then had at most " +
                      human(double(allowed_bytes) * 1e-6) + " MB more of its own; applications: all of them together");
  const double peak = static_cast<double>(s.daemon.peak_rss_bytes) * 1e-6;
  numbers.criteria.push_back({"stress-memory, the daemon's peak RSS",
                              "MB",
                              {peak, peak, peak},
                              128,
                              {},
                              true,
                              0,
                              "beside " + human(double(s.accepted)) + " messages that waited"});
  numbers.rows.push_back(std::move(row));
  return numbers;
}

}  // namespace dlt::bench
