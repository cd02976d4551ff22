#include "case.hpp"

#include <algorithm>
#include <iterator>

namespace dlt::bench {

std::uint64_t Sample::dropped_total() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& [cause, n] : dropped) sum += n;
  return sum;
}

double Sample::msgs_per_s() const noexcept { return seconds > 0 ? static_cast<double>(delivered) / seconds : 0; }
double Sample::mb_per_s() const noexcept {
  return seconds > 0 ? static_cast<double>(delivered_bytes) * 1e-6 / seconds : 0;
}
double Sample::cpu_s_per_million() const noexcept {
  return delivered != 0 ? (application.cpu_s + daemon.cpu_s) * 1e6 / static_cast<double>(delivered) : 0;
}

double Sample::messages_per_write() const noexcept {
  return writes != 0 ? static_cast<double>(delivered) / static_cast<double>(writes) : 0;
}
double Sample::bytes_per_buffer() const noexcept {
  return buffers != 0 ? static_cast<double>(reserved_bytes) / static_cast<double>(buffers) : 0;
}
std::uint64_t Sample::context_switches() const noexcept {
  return application.voluntary + application.involuntary + daemon.voluntary + daemon.involuntary;
}

double noise(const Spread& s) noexcept { return s.median > 0 ? (s.max - s.min) / s.median : 0; }

std::string Row::label() const {
  std::string text;
  for (const auto& [key, value] : config) {
    if (value.empty()) continue;
    text += (text.empty() ? "" : ", ") + value;
  }
  return text;
}

Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

Spread spread(const Row& row, const std::function<double(const Sample&)>& figure) {
  std::vector<double> values;
  values.reserve(row.samples.size());
  for (const auto& sample : row.samples) values.push_back(figure(sample));
  return spread(std::move(values));
}

void Numbers::add(Numbers other) {
  std::move(other.rows.begin(), other.rows.end(), std::back_inserter(rows));
  std::move(other.criteria.begin(), other.criteria.end(), std::back_inserter(criteria));
  std::move(other.facts.begin(), other.facts.end(), std::back_inserter(facts));
  std::move(other.cannot_run.begin(), other.cannot_run.end(), std::back_inserter(cannot_run));
}

bool Numbers::books_close() const noexcept {
  return std::all_of(rows.begin(), rows.end(), [](const Row& r) { return r.peer || r.faults.empty(); });
}

bool Numbers::good() const noexcept {
  return books_close() &&
         std::all_of(criteria.begin(), criteria.end(), [](const Criterion& c) { return c.met() || !c.decides; });
}

std::size_t Numbers::missed() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(criteria.begin(), criteria.end(), [](const Criterion& c) { return !c.met(); }));
}

}  // namespace dlt::bench
