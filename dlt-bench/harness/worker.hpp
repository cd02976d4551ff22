// The other side of Child: what a worker process of ours sees. `dlt-bench --worker NAME` speaks lines over fd 3, the
// first of which is its plan: JSON, or a number for those that need no more. Not for people; main looks here before it
// reads the command line.
#pragma once

#include <optional>
#include <string>

#include "harness/child.hpp"

namespace dlt::bench {

class Channel {
 public:
  void send(const std::string& line);
  // Waits for a line; nothing when the other side is gone, or when `limit_s` passed.
  [[nodiscard]] std::optional<std::string> receive(double limit_s);
  // As receive, but throws BenchError.
  [[nodiscard]] std::string expect(double limit_s);

 private:
  std::string received_;
};

// Starts a fresh process of ourselves in the role NAME and hands it its plan.
[[nodiscard]] Child start_worker(const std::string& name, const std::string& plan_json,
                                 std::vector<std::pair<std::string, std::string>> environment = {});
// … that lives in a network or with clocks of its own: see ChildOptions.
[[nodiscard]] Child start_worker_in(int network, const std::string& clocks, const std::string& name,
                                    const std::string& plan_json);
// The program to start for start_worker; ourselves unless a test says otherwise.
void set_worker_program(std::string path);
[[nodiscard]] const std::string& worker_program();

// Runs the role and returns the exit code.
[[nodiscard]] int run_worker(const std::string& name);

// The roles. Each reads its plan from the channel and throws BenchError when it cannot go on.
void produce_worker(Channel& channel);         // ready, go, produced, flush, result, end
void receive_worker(Channel& channel);         // ready, N expected, result, end
void store_worker(Channel& channel);           // result
void roofline_read_worker(Channel& channel);   // its port (0: a Unix socket), result
void roofline_write_worker(Channel& channel);  // result
void machine_worker(Channel& channel);         // clock, memcpy, filtered-out calls
void calls_worker(Channel& channel);           // what callgrind looks at
void suspend_worker(Channel& channel);         // ready, prepare, prepared, connected, books
void syslog_worker(Channel& channel);          // as receive_worker
void relay_worker(Channel& channel);           // its port; loses messages until the daemon or the benchmark ends
void work_worker(Channel& channel);            // ready, go, result, end
void visit_worker(Channel& channel);           // ready, go, result, end
void recount_worker(Channel& channel);         // result
void weigh_worker(Channel& channel);           // ready, go, what it weighs, flush, result, end
void record_worker(Channel& channel);          // ready, go, see record_plan.hpp
void micro_worker(Channel& channel);           // a line for each benchmark, "end", the books, end
void delay_worker(Channel& channel);           // ready, counts …
void census_worker(Channel& channel);          // result

}  // namespace dlt::bench
