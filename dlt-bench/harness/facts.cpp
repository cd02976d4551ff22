#include "harness/facts.hpp"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

namespace dlt::bench {
namespace {

std::string first_line(const char* path, const char* otherwise) {
  std::ifstream in(path);
  std::string line;
  return std::getline(in, line) ? line : otherwise;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string memory() {
  const double bytes = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  std::ostringstream text;
  text.precision(3);
  text << bytes / (1 << 30) << " GiB";
  return text.str();
}

std::string build() {
  std::string text = DLT_BENCH_BUILD_TYPE " " DLT_BENCH_FLAGS;
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
  text += " (sanitizer: figures mean nothing)";
#endif
  return text;
}

}  // namespace

unsigned cpu_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

std::string load_average() { return first_line("/proc/loadavg", "unknown"); }

Facts machine_facts() {
  utsname kernel{};
  ::uname(&kernel);
  Facts facts{{"version", DLT_BENCH_VERSION},
              {"cpus", std::to_string(cpu_count())},
              {"cpu", cpu_model()},
              {"governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "not told")},
              {"memory", memory()},
              {"kernel", std::string(kernel.sysname) + " " + kernel.release},
              {"compiler", "GCC-compatible " __VERSION__},
              {"build", build()},
              {"load_before", load_average()}};
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view entry = *e;
    if (entry.rfind("DLT_", 0) != 0) continue;
    const auto equals = entry.find('=');
    facts.emplace_back(std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1)));
  }
  return facts;
}

}  // namespace dlt::bench
