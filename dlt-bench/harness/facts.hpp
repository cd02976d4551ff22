// What has to be known about machine, build and environment to read a figure. Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dlt::bench {

using Facts = std::vector<std::pair<std::string, std::string>>;

// CPUs, model, governor, memory, kernel, compiler, flags, version, load, and the DLT_USER_* variables that are set.
[[nodiscard]] Facts machine_facts();
[[nodiscard]] std::string load_average();
[[nodiscard]] unsigned cpu_count();  // that this process may use

}  // namespace dlt::bench
