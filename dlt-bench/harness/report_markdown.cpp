// The tables of a README: the machine in a line, the figures to reach, each case's rows, and what is neither.
#include <algorithm>
#include <array>
#include <cstdio>

#include "cases.hpp"
#include "harness/columns.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

// A bar would end the cell.
std::string escaped(const std::string& text) {
  std::string e;
  for (const char c : text) e += c == '|' ? std::string("\\|") : std::string(1, c);
  return e;
}

std::string line(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const auto& cell : cells) text += " " + escaped(cell) + " |";
  return text + "\n";
}
std::string heading(const std::vector<std::string>& titles) {
  std::string text = line(titles) + "|";
  for (std::size_t i = 0; i < titles.size(); ++i) text += "---|";
  return text + "\n";
}

std::string hundredths(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::string criteria_table(const std::vector<Criterion>& criteria) {
  if (criteria.empty()) return "";
  std::string text = heading({"figure", "target", "stretch", "measured: median (min - max)", "x roofline", "", ""});
  for (const auto& c : criteria) {
    const std::string measured =
        human(c.measured.median) + " (" + human(c.measured.min) + " - " + human(c.measured.max) + ")";
    const char* verdict = !c.met() ? "**missed**" : c.stretch_met() ? "stretch" : "met";
    text += line({c.what + (c.unit.empty() ? "" : ", " + c.unit), (c.at_most ? "<= " : ">= ") + human(c.target),
                  c.stretch ? human(*c.stretch) : "", measured,
                  c.roofline_share > 0 ? hundredths(c.roofline_share) : "", verdict, c.remark});
  }
  return text + "\n";
}

// The columns of a group share a cell: "p50 / p90 / p99".
struct Group {
  std::string title;
  std::vector<const Column*> columns;
};
std::vector<Group> groups() {
  std::vector<Group> all;
  for (const auto& columns : {book_columns(), cost_columns()})
    for (const Column& c : columns) {
      const std::string group = c.group;
      if (group.empty()) all.push_back({c.title, {&c}});
      else if (!all.empty() && all.back().columns.front()->group == group)
        all.back().title += std::string(" / ") + c.title, all.back().columns.push_back(&c);
      else all.push_back({group + ": " + c.title, {&c}});
    }
  return all;
}

std::string cell(const Group& group, const Row& row) {
  std::string text;
  bool any = false;
  for (const Column* c : group.columns) {
    const std::string figure = c->text(row);
    any = any || !figure.empty();
    text += (c == group.columns.front() ? "" : " / ") + (figure.empty() ? "-" : figure);
  }
  return any ? text : "";
}

std::string remarks(const Row& row) {
  std::string text;
  const auto add = [&](const std::string& words) { text += (text.empty() ? "" : "; ") + words; };
  if (row.peer) add("another library");
  if (row.noisy) add("noisy");
  for (const auto& note : row.notes) add(note);
  for (const auto& fault : row.faults) add((row.peer ? "lost: " : "**FAULT** ") + fault);
  return text;
}

std::string rows_table(const std::vector<const Row*>& rows) {
  std::vector<Group> shown = groups();
  std::erase_if(shown, [&](const Group& group) {
    return std::all_of(rows.begin(), rows.end(), [&](const Row* row) { return cell(group, *row).empty(); });
  });
  std::vector<std::string> titles{"configuration"};
  for (const Group& group : shown) titles.push_back(group.title);
  titles.emplace_back("");
  std::string text = heading(titles);
  for (const Row* row : rows) {
    std::vector<std::string> cells{row->label()};
    for (const Group& group : shown) cells.push_back(cell(group, *row));
    cells.push_back(remarks(*row));
    text += line(cells);
  }
  return text + "\n";
}

std::string facts_list(const Facts& facts) {
  std::string text;
  for (const auto& [key, value] : facts) text += "- " + key + ": " + value + "\n";
  return text.empty() ? "" : text + "\n";
}

}  // namespace

std::string to_markdown(const Report& report) {
  const Numbers& n = report.numbers;
  std::string text = facts_list(report.facts) + criteria_table(n.criteria);
  for (const auto& [name, rows] : rows_by_case(n)) {
    if (name == "targets") continue;  // what its rows show are the figures above
    const Case* c = find_case(name);
    text += "### " + name + "\n\n" + (c != nullptr ? std::string(c->question) + "\n\n" : "") + rows_table(rows);
  }
  return text + facts_list(n.facts);
}

}  // namespace dlt::bench
