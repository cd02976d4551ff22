// One configuration, measured: daemon, receiving end and producing process, several times over, books closed each time.
//
// `delivered` is what the receiving end has seen: a client that parses every message; the stored files read back; or,
// where there is no sink, the daemon's own count (the row says so). One thread.
#pragma once

#include <functional>
#include <string>

#include "case.hpp"
#include "harness/daemon.hpp"
#include "harness/ledger.hpp"
#include "harness/plan.hpp"

namespace dlt::bench {

enum class Sink { none, client, store };
enum class Way { unix_socket, tcp };

struct Setup {
  std::string case_name;
  std::vector<std::pair<std::string, std::string>> config;  // shown; transport, sink and threads are added
  ProducePlan plan;
  Sink sink = Sink::client;
  Way way = Way::unix_socket;
  unsigned repeats = 3;
  bool warm_up = true;    // one more run before them, whose books count and whose figures do not
  bool roofline = false;  // measure it right before each repeat
  bool lossless = false;  // any drop is a fault
  bool stalled = false;   // the daemon is stopped while the application logs (private daemons only)
  // Judges a good repeat further; adds to faults and extra.
  std::function<void(const ProduceResult&, const std::vector<Producer>&, Sample&)> judge;
  // Called about ten times a second while the application logs, with its pid and the daemon's.
  std::function<void(pid_t, pid_t)> watch;
};

[[nodiscard]] Row measure(const Load& load, const Setup& setup);

// What the user asked for wins over the case's own choice.
[[nodiscard]] unsigned repeats_of(const Load& load);  // 3 in brief, else 5
[[nodiscard]] double duration_of(const Load& load, double full, double brief);
// A plan with the user's wishes in it: logger, payload, buffer, rate, messages.
[[nodiscard]] ProducePlan plan_of(const Load& load, unsigned threads);
// … that waits for room as long as it takes, with buffers of 16,384 messages.
[[nodiscard]] ProducePlan lossless_plan(const Load& load, unsigned threads);

// An application id that no earlier run of this machine used lately.
[[nodiscard]] std::string next_run_id();

// A line on stderr, replaced by the next one; only on a terminal.
void progress(const std::string& text, double seconds_left);
void progress_done();

}  // namespace dlt::bench
