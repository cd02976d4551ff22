#include "harness/usage.hpp"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace dlt::bench {
namespace {

void add_thread(const std::filesystem::path& task, Usage& u) {
  std::uint64_t ns = 0;
  if (std::ifstream in(task / "schedstat"); in >> ns) u.cpu_s += static_cast<double>(ns) * 1e-9;
  std::ifstream status(task / "status");
  for (std::string word; status >> word;) {
    std::uint64_t n = 0;
    if (word == "voluntary_ctxt_switches:" && status >> n) u.voluntary += n;
    else if (word == "nonvoluntary_ctxt_switches:" && status >> n) u.involuntary += n;
  }
}

}  // namespace

Usage Usage::since(const Usage& before) const noexcept {
  return {cpu_s - before.cpu_s, rss_bytes, peak_rss_bytes, voluntary - before.voluntary,
          involuntary - before.involuntary};
}

Usage usage_of(pid_t pid) {
  Usage u;
  const std::filesystem::path process = "/proc/" + (pid == 0 ? std::string("self") : std::to_string(pid));
  std::ifstream status(process / "status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) u.peak_rss_bytes = kib * 1024;
    else if (word == "VmRSS:" && status >> kib) u.rss_bytes = kib * 1024;
  }
  if (pid == 0) {  // threads that have ended count as well
    rusage r{};
    ::getrusage(RUSAGE_SELF, &r);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    u.cpu_s = seconds(r.ru_utime) + seconds(r.ru_stime);
    u.voluntary = static_cast<std::uint64_t>(r.ru_nvcsw);
    u.involuntary = static_cast<std::uint64_t>(r.ru_nivcsw);
    return u;
  }
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(process / "task", gone)) add_thread(task.path(), u);
  return u;
}

}  // namespace dlt::bench
