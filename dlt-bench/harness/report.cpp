#include "harness/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <span>
#include <string_view>

#include "harness/columns.hpp"

namespace dlt::bench {
namespace {

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

// Three digits, no unit: 0.123, 12.3, 1234.
std::string short_number(double value) { return fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3); }

// Characters, not bytes: a byte 10xxxxxx is not the first of one.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

struct Colours {
  explicit Colours(bool wanted)
      : bold(wanted ? "\033[1m" : ""),
        red(wanted ? "\033[31m" : ""),
        green(wanted ? "\033[32m" : ""),
        plain(wanted ? "\033[0m" : "") {}
  const char *bold, *red, *green, *plain;
};

using Line = std::vector<std::string>;

void print_line(std::ostream& out, const Line& cells, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string gap(widths[i] - width_of(cells[i]), ' ');
    text += i == 0 ? cells[i] + gap : "  " + gap + cells[i];
  }
  text.erase(text.find_last_not_of(' ') + 1);
  out << text << '\n';
}

// Two lines of heading, the first for the groups, and one for each row. A column that no row has is left out.
std::vector<Line> lines_of(const std::vector<const Row*>& rows, std::span<const Column> columns) {
  std::vector<Line> lines{{""}, {"configuration"}};
  for (const Row* row : rows) lines.push_back({row->label() + (row->peer ? " *" : "") + (row->noisy ? " ~" : "")});
  std::string_view group;
  for (const Column& c : columns) {
    if (std::all_of(rows.begin(), rows.end(), [&](const Row* row) { return c.text(*row).empty(); })) continue;
    lines[0].emplace_back(group == c.group ? "" : c.group);
    lines[1].emplace_back(c.title);
    group = c.group;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string figure = c.text(*rows[i]);
      lines[i + 2].push_back(figure.empty() ? "-" : figure);
    }
  }
  return lines;
}

std::vector<std::size_t> widths_of(const std::vector<Line>& lines) {
  std::vector<std::size_t> widths(lines[0].size());
  for (const Line& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  return widths;
}

// What arrived, with notes and faults below each row; then what it cost.
void print_rows(std::ostream& out, const std::string& name, const std::vector<const Row*>& rows, const Colours& c) {
  out << '\n' << c.bold << name << c.plain << '\n';
  const auto books = lines_of(rows, book_columns());
  const auto widths = widths_of(books);
  for (std::size_t i = 0; i < books.size(); ++i) {
    print_line(out, books[i], widths);
    if (i < 2) continue;
    for (const auto& note : rows[i - 2]->notes) out << "    " << note << '\n';
    for (const auto& fault : rows[i - 2]->faults) out << "    " << c.red << "FAULT " << c.plain << fault << '\n';
  }
  const auto costs = lines_of(rows, cost_columns());
  if (costs[0].size() == 1) return;
  out << '\n';
  for (const Line& line : costs) print_line(out, line, widths_of(costs));
}

void print_criteria(std::ostream& out, const std::vector<Criterion>& criteria, bool colour) {
  const Colours colours(colour);
  std::size_t width = 10;
  for (const auto& c : criteria) width = std::max(width, c.what.size() + c.unit.size() + 2);
  out << "\nto reach\n";
  for (const auto& c : criteria) {
    std::string what = c.what + (c.unit.empty() ? "" : ", " + c.unit);
    what.resize(std::max(what.size(), width), ' ');
    out << what << "  " << (c.met() ? colours.green : colours.red)
        << (c.met() ? c.stretch_met() ? "STRETCH" : "met    " : "missed ") << colours.plain << "  "
        << (c.at_most ? "<= " : ">= ") << human(c.target);
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

std::vector<std::pair<std::string, std::vector<const Row*>>> rows_by_case(const Numbers& numbers) {
  std::vector<std::pair<std::string, std::vector<const Row*>>> cases;
  for (const Row& row : numbers.rows) {
    auto at = std::find_if(cases.begin(), cases.end(), [&](const auto& c) { return c.first == row.case_name; });
    if (at == cases.end()) at = cases.insert(cases.end(), {row.case_name, {}});
    at->second.push_back(&row);
  }
  return cases;
}

void print_table(std::ostream& out, const Report& report, bool colour) {
  for (const auto& [key, value] : report.facts) out << key << ": " << value << '\n';
  for (const auto& [name, rows] : rows_by_case(report.numbers)) print_rows(out, name, rows, Colours(colour));
  const auto any = [&](bool Row::*mark) {
    return std::any_of(report.numbers.rows.begin(), report.numbers.rows.end(), [&](const Row& r) { return r.*mark; });
  };
  if (any(&Row::peer)) out << "\n* another library, or a control: its losses are no fault of ours";
  if (any(&Row::noisy)) out << "\n~ noisy: the repeats differ by more than 30 %";
  if (any(&Row::peer) || any(&Row::noisy)) out << '\n';
  if (!report.numbers.facts.empty()) out << '\n';
  for (const auto& [key, value] : report.numbers.facts) out << key << ": " << value << '\n';
  if (!report.numbers.criteria.empty()) print_criteria(out, report.numbers.criteria, colour);
}

}  // namespace dlt::bench
