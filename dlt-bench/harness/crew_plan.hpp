// What the processes of a crew are asked to do, and what they report. Plain values that travel as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/plan.hpp"

namespace dlt::bench {

using Counters = std::map<std::string, std::uint64_t>;

// A workload of its own (workloads/), done by several processes that may log while they work.
struct WorkPlan {
  std::string kind;  // see find_workload
  std::string address;
  std::string run;             // application id
  std::string logger = "dlt";  // or one that is wrong on purpose: drops, repeats, tears
  bool logging = true;
  unsigned member = 0, members = 1;  // which process of how many
  unsigned threads = 1;
  std::uint64_t operations = 0;  // of this process
  std::string directory;         // for sockets between the members
};

struct WorkResult {
  std::uint64_t offered = 0;
  LoggerBooks books;
  bool flushed = true;
  std::uint64_t begin_ns = 0, end_ns = 0;  // CLOCK_MONOTONIC: of the work, without the flush
  Counted call_ns;                         // tenths of nanoseconds, less the clock's overhead; a sample
  double clock_overhead_ns = 0;
  Counted operation_ns;
  Counters counters;  // the workload's own, to be found again in the log
  Usage usage;
};

// A process that comes, logs standard messages and goes, several times over.
struct VisitPlan {
  std::string address;
  std::string run;
  std::string logger = "dlt";  // or drops, leaks
  std::uint64_t visits = 1;
  std::uint64_t contexts = 1;
  std::uint64_t messages = 1;  // of a visit, spread over the contexts
  unsigned payload = 12;
};

// What a process holds, looked at every so often.
struct Held {
  std::vector<double> t_s, rss, fds, threads;
};

struct VisitResult {
  std::uint64_t offered = 0;
  LoggerBooks books;
  bool flushed = true;
  std::uint64_t begin_ns = 0, end_ns = 0;
  Held held;  // between visits
  Usage usage;
};

// The daemon's stored files read back.
struct RecountPlan {
  std::string directory;
  std::string kind = "standard";  // standard messages, numbered texts (see numbered_text), or a workload's
  std::vector<std::string> runs;  // of the members, in their order
  unsigned threads = 1;           // of a member
  unsigned payload = 12;          // of standard messages
};

struct RecountResult {
  std::uint64_t delivered = 0;
  std::uint64_t bytes = 0;               // frames, without storage headers
  std::vector<std::uint64_t> of_member;  // messages
  std::vector<Counters> counters;        // of each member, by its log alone
  std::vector<std::string> faults;
  std::uint64_t file_bytes = 0;
};

}  // namespace dlt::bench
