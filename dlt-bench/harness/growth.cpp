#include "harness/growth.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "harness/report.hpp"

namespace dlt::bench {
namespace {

double entries(pid_t pid, const char* folder) {
  std::error_code gone;
  const std::string process = pid == 0 ? "self" : std::to_string(pid);
  const std::filesystem::directory_iterator it("/proc/" + process + folder, gone);
  return gone ? 0.0 : static_cast<double>(std::distance(begin(it), end(it)));
}

}  // namespace

void look(Held& held, double t_s, pid_t pid) {
  held.t_s.push_back(t_s);
  held.rss.push_back(static_cast<double>(usage_of(pid).rss_bytes));
  held.fds.push_back(entries(pid, "/fd"));
  held.threads.push_back(entries(pid, "/task"));
}

std::size_t open_descriptors(pid_t pid) { return static_cast<std::size_t>(entries(pid, "/fd")); }

double slope(const std::vector<double>& t, const std::vector<double>& values) {
  const std::size_t from = t.size() / 5;
  const double n = static_cast<double>(t.size() - from);
  double st = 0, sv = 0, stt = 0, stv = 0;
  for (std::size_t i = from; i < t.size(); ++i)
    st += t[i], sv += values[i], stt += t[i] * t[i], stv += t[i] * values[i];
  const double spread_of_t = n * stt - st * st;
  return spread_of_t > 0 ? (n * stv - st * sv) / spread_of_t : 0;
}

void judge_growth(const std::string& what, const Held& held, double allowed_mb, double seconds, Numbers& numbers,
                  double allowed_fds) {
  const auto exactly = [](double v) { return Spread{v, v, v}; };
  const auto gain = [&](const std::vector<double>& v) { return std::max(0.0, slope(held.t_s, v)) * seconds; };
  const auto add = [&](const std::string& which, const char* unit, double gained, double allowed,
                       const std::string& remark) {
    numbers.criteria.push_back({what + ": " + which, unit, exactly(gained), allowed, {}, true, 0, remark});
  };
  add("resident memory gained in " + human(seconds) + " s", "MB", gain(held.rss) * 1e-6, allowed_mb,
      human(slope(held.t_s, held.rss)) + " B/s");
  add("file descriptors gained", "", gain(held.fds), allowed_fds, "");
  add("threads gained", "", gain(held.threads), 0.5, "");
}

}  // namespace dlt::bench
