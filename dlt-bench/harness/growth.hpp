// Whether something grows in a process while it runs: memory, file descriptors, threads. Pure, apart from look().
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "case.hpp"
#include "harness/crew_plan.hpp"

namespace dlt::bench {

// Notes what a process (0: our own) holds at `t_s`.
void look(Held& held, double t_s, pid_t pid = 0);
[[nodiscard]] std::size_t open_descriptors(pid_t pid = 0);

// By how much `values` grow in a second: least squares over all but the first fifth, in which buffers fill for the
// first time.
[[nodiscard]] double slope(const std::vector<double>& t_s, const std::vector<double>& values);

// Three criteria: what a whole run of `seconds` would gain. Pages that come and go are no leak: memory may grow by
// `allowed_mb`, and where connections come and go at any moment the number of descriptors moves by `allowed_fds`.
void judge_growth(const std::string& what, const Held& held, double allowed_mb, double seconds, Numbers& numbers,
                  double allowed_fds = 0.5);

}  // namespace dlt::bench
