#include "harness/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ostream>

namespace dlt::bench {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

// Three digits, no unit: 0.123, 12.3, 1234.
std::string short_number(double value) { return fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3); }

struct Column {
  const char* title;
  std::string (*cell)(const Row&);
};

std::string or_dash(bool there, std::string text) { return there ? std::move(text) : "-"; }

std::string call_cell(const Row& row, double Percentiles::*which) {
  const bool there = !row.samples.empty() && row.samples.front().call_ns.count != 0;
  return or_dash(there, short_number(spread(row, [&](const Sample& s) { return s.call_ns.*which; }).median));
}
std::string e2e_cell(const Row& row, double Percentiles::*which) {
  const bool there = !row.samples.empty() && row.samples.front().e2e_us.count != 0;
  return or_dash(there, short_number(spread(row, [&](const Sample& s) { return s.e2e_us.*which; }).median));
}

const std::array columns{
    Column{"configuration", [](const Row& r) { return r.label() + (r.peer ? " *" : "") + (r.noisy ? " ~" : ""); }},
    Column{"msg/s", [](const Row& r) { return human(spread(r, &Sample::msgs_per_s).median); }},
    Column{"min", [](const Row& r) { return human(spread(r, &Sample::msgs_per_s).min); }},
    Column{"max", [](const Row& r) { return human(spread(r, &Sample::msgs_per_s).max); }},
    Column{"MB/s", [](const Row& r) { return short_number(spread(r, &Sample::mb_per_s).median); }},
    Column{"roof",
           [](const Row& r) {
             const double share = spread(r, [](const Sample& s) {
                                    return s.roofline_msgs_per_s > 0 ? s.msgs_per_s() / s.roofline_msgs_per_s : 0;
                                  }).median;
             return or_dash(share > 0, fixed(share, 2));
           }},
    Column{"accepted",
           [](const Row& r) { return human(spread(r, [](const Sample& s) { return double(s.accepted); }).median); }},
    Column{"dropped",
           [](const Row& r) {
             return human(spread(r, [](const Sample& s) { return double(s.dropped_total()); }).median);
           }},
    Column{"unacc.",
           [](const Row& r) {
             std::int64_t sum = 0;
             for (const auto& s : r.samples) sum += s.unaccounted;
             return std::to_string(sum);
           }},
    Column{"call ns p50", [](const Row& r) { return call_cell(r, &Percentiles::p50); }},
    Column{"p99", [](const Row& r) { return call_cell(r, &Percentiles::p99); }},
    Column{"p99.9", [](const Row& r) { return call_cell(r, &Percentiles::p999); }},
    Column{"max", [](const Row& r) { return call_cell(r, &Percentiles::max); }},
    Column{"e2e us p50", [](const Row& r) { return e2e_cell(r, &Percentiles::p50); }},
    Column{"p99", [](const Row& r) { return e2e_cell(r, &Percentiles::p99); }},
    Column{"CPU s/M",
           [](const Row& r) {
             const double cpu = spread(r, &Sample::cpu_s_per_million).median;
             return or_dash(cpu > 0, fixed(cpu, 3));
           }},
    Column{"msg/writev",
           [](const Row& r) {
             const double n = spread(r, &Sample::messages_per_write).median;
             return or_dash(n > 0, human(n));
           }},
    Column{"ctx sw",
           [](const Row& r) {
             return human(spread(r, [](const Sample& s) { return double(s.context_switches()); }).median);
           }},
    Column{"MB app",
           [](const Row& r) {
             return short_number(
                 spread(r, [](const Sample& s) { return double(s.application.peak_rss_bytes) * 1e-6; }).max);
           }},
    Column{"daemon",
           [](const Row& r) {
             return short_number(spread(r, [](const Sample& s) { return double(s.daemon.peak_rss_bytes) * 1e-6; }).max);
           }},
};

void print_line(std::ostream& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string gap(widths[i] - cells[i].size(), ' ');
    out << (i == 0 ? cells[i] + gap : "  " + gap + cells[i]);
  }
  out << '\n';
}

void print_rows(std::ostream& out, const std::string& name, const std::vector<const Row*>& rows, bool colour) {
  const char* bold = colour ? "\033[1m" : "";
  const char* red = colour ? "\033[31m" : "";
  const char* plain = colour ? "\033[0m" : "";
  std::vector<std::vector<std::string>> lines{{}};
  for (const auto& c : columns) lines[0].emplace_back(c.title);
  for (const Row* row : rows) {
    lines.emplace_back();
    for (const auto& c : columns) lines.back().push_back(c.cell(*row));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  out << '\n' << bold << name << plain << '\n';
  for (std::size_t i = 0; i < lines.size(); ++i) {
    print_line(out, lines[i], widths);
    if (i == 0) continue;
    for (const auto& note : rows[i - 1]->notes) out << "    " << note << '\n';
    for (const auto& fault : rows[i - 1]->faults) out << "    " << red << "FAULT " << plain << fault << '\n';
  }
}

void print_criteria(std::ostream& out, const std::vector<Criterion>& criteria, bool colour) {
  const char* green = colour ? "\033[32m" : "";
  const char* red = colour ? "\033[31m" : "";
  const char* plain = colour ? "\033[0m" : "";
  std::size_t width = 10;
  for (const auto& c : criteria) width = std::max(width, c.what.size() + c.unit.size() + 2);
  out << "\nto reach\n";
  for (const auto& c : criteria) {
    std::string what = c.what + (c.unit.empty() ? "" : ", " + c.unit);
    what.resize(std::max(what.size(), width), ' ');
    out << what << "  " << (c.met() ? green : red) << (c.met() ? c.stretch_met() ? "STRETCH" : "met    " : "missed ")
        << plain << "  " << (c.at_most ? "<= " : ">= ") << human(c.target);
    if (c.stretch) out << " (" << human(*c.stretch) << ")";
    out << "  measured " << human(c.measured.median) << " (" << human(c.measured.min) << " - " << human(c.measured.max)
        << ")";
    if (c.roofline_share > 0) out << "  " << fixed(c.roofline_share, 2) << " x roofline";
    if (!c.remark.empty()) out << "  " << c.remark;
    out << '\n';
  }
}

}  // namespace

bool wants_colour(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

std::string human(double value) {
  if (value == 0) return "0";
  if (value >= 1e9) return short_number(value / 1e9) + " G";
  if (value >= 1e6) return short_number(value / 1e6) + " M";
  if (value >= 1e4) return short_number(value / 1e3) + " k";
  return short_number(value);
}

void print_table(std::ostream& out, const Report& report, bool colour) {
  for (const auto& [key, value] : report.facts) out << key << ": " << value << '\n';
  std::vector<std::string> names;
  for (const auto& row : report.numbers.rows)
    if (std::find(names.begin(), names.end(), row.case_name) == names.end()) names.push_back(row.case_name);
  for (const auto& name : names) {
    std::vector<const Row*> rows;
    for (const auto& row : report.numbers.rows)
      if (row.case_name == name) rows.push_back(&row);
    print_rows(out, name, rows, colour);
  }
  if (!report.numbers.facts.empty()) out << '\n';
  for (const auto& [key, value] : report.numbers.facts) out << key << ": " << value << '\n';
  if (!report.numbers.criteria.empty()) print_criteria(out, report.numbers.criteria, colour);
}

std::string to_markdown(const Report& report) {
  std::string text =
      "| figure | target | stretch | measured: median (min - max) | x roofline | | |\n|---|---|---|---|---|---|---|\n";
  for (const auto& c : report.numbers.criteria) {
    text += "| " + c.what + (c.unit.empty() ? "" : ", " + c.unit) + " | " + (c.at_most ? "<= " : ">= ") +
            human(c.target) + " | " + (c.stretch ? human(*c.stretch) : "") + " | " + human(c.measured.median) + " (" +
            human(c.measured.min) + " - " + human(c.measured.max) + ") | " +
            (c.roofline_share > 0 ? fixed(c.roofline_share, 2) : "") + " | " +
            (!c.met()          ? "**missed**"
             : c.stretch_met() ? "stretch"
                               : "met") +
            " | " + c.remark + " |\n";
  }
  return text;
}

}  // namespace dlt::bench
