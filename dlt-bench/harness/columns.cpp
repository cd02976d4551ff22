#include "harness/columns.hpp"

#include <array>
#include <cmath>

#include "harness/report.hpp"

namespace dlt::bench {
namespace {

using Figure = std::function<double(const Sample&)>;

std::string median(const Row& row, const Figure& figure, bool there = true) {
  return there && !row.samples.empty() ? human(spread(row, figure).median) : "";
}
// Of whole things: 7, not 7.00.
std::string counted(double n) { return n < 1e4 ? std::to_string(std::llround(n)) : human(n); }
std::string count(const Row& row, const Figure& figure) {
  return row.samples.empty() ? "" : counted(spread(row, figure).median);
}
// Where 0 means that nobody knows.
std::string known(const Row& row, const Figure& figure) {
  const double value = spread(row, figure).median;
  return value > 0 ? human(value) : "";
}
std::string call(const Row& row, double Percentiles::*which) {
  const bool there = !row.samples.empty() && row.samples.front().call_ns.count != 0;
  return median(
      row, [&](const Sample& s) { return s.call_ns.*which; }, there);
}
std::string e2e(const Row& row, double Percentiles::*which) {
  const bool there = !row.samples.empty() && row.samples.front().e2e_us.count != 0;
  return median(
      row, [&](const Sample& s) { return s.e2e_us.*which; }, there);
}
std::string cpu(const Row& row, Usage Sample::*who) {
  return known(row, [&](const Sample& s) {
    return s.delivered != 0 ? (s.*who).cpu_s * 1e6 / static_cast<double>(s.delivered) : 0;
  });
}
std::string resident(const Row& row, Usage Sample::*who) {
  return known(row, [&](const Sample& s) { return static_cast<double>((s.*who).peak_rss_bytes) * 1e-6; });
}
std::string range(const Row& row) {
  const Spread s = spread(row, &Sample::msgs_per_s);
  return row.samples.size() < 2 ? "" : human(s.min) + " – " + human(s.max);
}
std::string share(const Row& row) {
  return known(row,
               [](const Sample& s) { return s.roofline_msgs_per_s > 0 ? s.msgs_per_s() / s.roofline_msgs_per_s : 0; });
}
std::string drops(const Row& row) {
  std::map<std::string, double> causes;
  for (const auto& s : row.samples)
    for (const auto& [cause, n] : s.dropped) causes[cause] = 0;
  std::string text;
  for (const auto& [cause, none] : causes) {
    const std::string& key = cause;
    const double middle = spread(row, [&](const Sample& s) {
                            return s.dropped.contains(key) ? static_cast<double>(s.dropped.at(key)) : 0;
                          }).median;
    text += (text.empty() ? "" : ", ") + counted(middle) + " " + cause;
  }
  return text.empty() ? count(row, [](const Sample&) { return 0; }) : text;
}
// Of all repeats: one that is missing anywhere must not hide behind a median.
std::string unaccounted(const Row& row) {
  std::int64_t sum = 0;
  for (const auto& s : row.samples) sum += s.unaccounted;
  return row.samples.empty() ? "" : std::to_string(sum);
}

constexpr std::array books{
    Column{"msg/s", "median", [](const Row& r) { return median(r, &Sample::msgs_per_s); }},
    Column{"msg/s", "min – max", range},
    Column{"", "MB/s", [](const Row& r) { return known(r, &Sample::mb_per_s); }},
    Column{"", "x roofline", share},
    Column{"messages", "offered",
           [](const Row& r) { return count(r, [](const Sample& s) { return double(s.offered); }); }},
    Column{"messages", "accepted",
           [](const Row& r) { return count(r, [](const Sample& s) { return double(s.accepted); }); }},
    Column{"messages", "delivered",
           [](const Row& r) { return count(r, [](const Sample& s) { return double(s.delivered); }); }},
    Column{"messages", "dropped by cause", drops},
    Column{"messages", "unaccounted", unaccounted},
};

constexpr std::array costs{
    Column{"call, ns", "p50", [](const Row& r) { return call(r, &Percentiles::p50); }},
    Column{"call, ns", "p90", [](const Row& r) { return call(r, &Percentiles::p90); }},
    Column{"call, ns", "p99", [](const Row& r) { return call(r, &Percentiles::p99); }},
    Column{"call, ns", "p99.9", [](const Row& r) { return call(r, &Percentiles::p999); }},
    Column{"call, ns", "max", [](const Row& r) { return call(r, &Percentiles::max); }},
    Column{"end to end, µs", "p50", [](const Row& r) { return e2e(r, &Percentiles::p50); }},
    Column{"end to end, µs", "p99", [](const Row& r) { return e2e(r, &Percentiles::p99); }},
    Column{"end to end, µs", "max", [](const Row& r) { return e2e(r, &Percentiles::max); }},
    Column{"CPU s/million", "app", [](const Row& r) { return cpu(r, &Sample::application); }},
    Column{"CPU s/million", "daemon", [](const Row& r) { return cpu(r, &Sample::daemon); }},
    Column{"peak RSS, MB", "app", [](const Row& r) { return resident(r, &Sample::application); }},
    Column{"peak RSS, MB", "daemon", [](const Row& r) { return resident(r, &Sample::daemon); }},
    Column{"", "KiB/buffer",
           [](const Row& r) { return known(r, [](const Sample& s) { return s.bytes_per_buffer() / 1024; }); }},
    Column{"", "msg/writev", [](const Row& r) { return known(r, &Sample::messages_per_write); }},
    Column{"", "ctx switches",
           [](const Row& r) {
             // None at all: nobody looked.
             const double n = spread(r, [](const Sample& s) { return double(s.context_switches()); }).median;
             return n > 0 ? counted(n) : "";
           }},
};

}  // namespace

std::span<const Column> book_columns() noexcept { return books; }
std::span<const Column> cost_columns() noexcept { return costs; }

}  // namespace dlt::bench
