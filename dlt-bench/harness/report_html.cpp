// The page: everything as tables, written here; the same figures as JSON, from which report/page.js draws the charts.
#include <algorithm>
#include <cstdlib>

#include "cases.hpp"
#include "harness/columns.hpp"
#include "harness/json.hpp"
#include "harness/page_parts.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

std::string escaped(std::string_view text) {
  std::string e;
  for (const char c : text) {
    switch (c) {
      case '&': e += "&amp;"; break;
      case '<': e += "&lt;"; break;
      case '>': e += "&gt;"; break;
      case '"': e += "&quot;"; break;
      default: e += c;
    }
  }
  return e;
}

std::string cell(const std::string& text, const char* kind = "") {
  return std::string("<td") + (*kind != '\0' ? " class=\"" + std::string(kind) + "\"" : "") + ">" + escaped(text) +
         "</td>";
}

// The columns of the terminal's two tables in one.
std::vector<Column> all_columns() {
  std::vector<Column> all(book_columns().begin(), book_columns().end());
  all.insert(all.end(), cost_columns().begin(), cost_columns().end());
  return all;
}

std::string table_head() {
  std::string groups =
      "<tr><th class=\"number\" rowspan=\"2\">#</th><th class=\"text\" rowspan=\"2\">configuration</th>";
  std::string titles = "<tr>";
  const auto columns = all_columns();
  for (std::size_t i = 0; i < columns.size();) {
    const std::string_view group = columns[i].group;
    if (group.empty()) {
      groups += std::string("<th rowspan=\"2\">") + columns[i++].title + "</th>";
      continue;
    }
    std::size_t n = 0;
    for (; i < columns.size() && group == columns[i].group; ++i, ++n)
      titles += std::string("<th>") + columns[i].title + "</th>";
    groups += "<th colspan=\"" + std::to_string(n) + "\">" + std::string(group) + "</th>";
  }
  return "<thead>" + groups + "</tr>" + titles + "</tr></thead>";
}

std::string table_row(const Row& row, std::size_t number) {
  const bool noted = !row.notes.empty() || !row.faults.empty() || row.noisy || row.peer;
  std::string html = std::string("<tr") + (noted ? " class=\"noted\"" : "") + ">" +
                     cell(std::to_string(number), "number") + cell(row.label(), "text");
  const auto columns = all_columns();
  for (const auto& c : columns) {
    const std::string figure = c.text(row);
    html += cell(figure.empty() ? "–" : figure);
  }
  html += "</tr>\n";
  if (!noted) return html;
  html += "<tr class=\"note\"><td></td><td colspan=\"" + std::to_string(columns.size() + 1) + "\">";
  if (row.noisy) html += "<span class=\"badge warn\">noisy</span>";
  if (row.peer) html += "<span class=\"badge\">another library: its losses are not ours</span>";
  for (std::size_t i = 0; i < row.notes.size(); ++i) html += (i == 0 ? "" : "<br>") + escaped(row.notes[i]);
  for (const auto& fault : row.faults)
    html +=
        "<br><span class=\"badge " + std::string(row.peer ? "warn\">lost" : "bad\">fault") + "</span>" + escaped(fault);
  return html + "</td></tr>\n";
}

// One table for each case, in the order in which they ran.
std::string case_tables(const Numbers& numbers) {
  std::string html;
  std::vector<std::string> done;
  for (const auto& first : numbers.rows) {
    if (std::find(done.begin(), done.end(), first.case_name) != done.end()) continue;
    done.push_back(first.case_name);
    const Case* c = find_case(first.case_name);
    html += "<h2>" + escaped(first.case_name) + "</h2>\n";
    if (c != nullptr) html += "<p class=\"soft\">" + escaped(c->question) + "</p>\n";
    html += "<div class=\"scroll\"><table>" + table_head() + "<tbody>\n";
    for (std::size_t i = 0; i < numbers.rows.size(); ++i)
      if (numbers.rows[i].case_name == first.case_name) html += table_row(numbers.rows[i], i + 1);
    html += "</tbody></table></div>\n";
  }
  return html;
}

std::string criteria_table(const std::vector<Criterion>& criteria) {
  if (criteria.empty()) return "";
  std::string html =
      "<h2>Figures to reach</h2>\n<div class=\"scroll\"><table><thead><tr><th class=\"text\">figure</th><th></th>"
      "<th>target</th><th>stretch</th><th>median</th><th>min – max</th><th class=\"text\">remark</th></tr></thead>"
      "<tbody>\n";
  for (const auto& c : criteria) {
    const char* verdict = !c.met() ? "bad\">missed" : c.stretch_met() ? "good\">stretch" : "good\">met";
    const std::string sign = c.at_most ? "≤ " : "≥ ";
    html += "<tr>" + cell(c.what + (c.unit.empty() ? "" : ", " + c.unit), "text") + "<td><span class=\"badge " +
            verdict + "</span></td>" + cell(sign + human(c.target)) + cell(c.stretch ? sign + human(*c.stretch) : "") +
            cell(human(c.measured.median)) + cell(human(c.measured.min) + " – " + human(c.measured.max)) +
            cell(c.remark, "text") + "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string facts_table(const char* title, const Facts& facts) {
  if (facts.empty()) return "";
  std::string html = "<h2>" + std::string(title) + "</h2>\n<div class=\"scroll facts\"><table><tbody>\n";
  for (const auto& [key, value] : facts) html += "<tr><th>" + escaped(key) + "</th>" + cell(value) + "</tr>\n";
  return html + "</tbody></table></div>\n";
}

// What the charts over time show, for whoever has no charts: some twenty moments of each run.
std::string series_tables(const Numbers& numbers) {
  std::string html;
  for (std::size_t i = 0; i < numbers.rows.size(); ++i) {
    const Row& row = numbers.rows[i];
    if (row.samples.empty() || row.samples.front().series.empty()) continue;
    const auto& series = row.samples.front().series;
    html += "<details><summary>#" + std::to_string(i + 1) + " " + escaped(row.case_name + ": " + row.label()) +
            "</summary>\n<div class=\"scroll\"><table><thead><tr><th>seconds</th><th>accepted</th><th>dropped</th>"
            "<th>delivered</th><th>on their way</th></tr></thead><tbody>\n";
    const std::size_t step = std::max<std::size_t>(1, series.size() / 20);
    for (std::size_t k = 0; k < series.size(); k += step)
      html += "<tr>" + cell(human(series[k].t_s)) + cell(human(double(series[k].accepted))) +
              cell(human(double(series[k].dropped))) + cell(human(double(series[k].delivered))) +
              cell(human(series[k].backlog())) + "</tr>\n";
    html += "</tbody></table></div></details>\n";
  }
  return html.empty() ? "" : "<h2>Over time</h2>\n" + html;
}

// For the charts: what a row has, without its single repeats. No "</script>" may end it early.
std::string data_of(const Report& report) {
  auto j = nlohmann::ordered_json::parse(to_json(report));
  for (auto& row : j["rows"]) row.erase("repeats");
  std::string safe;
  for (const char c : j.dump()) safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return safe;
}

std::string badge(const char* kind, const std::string& text) {
  return std::string("<span class=\"badge ") + kind + "\">" + escaped(text) + "</span>";
}

// More that wants to run than there are CPUs, before we began.
bool machine_was_busy(const Facts& facts) {
  double load = 0, cpus = 1;
  for (const auto& [key, value] : facts) {
    if (key == "load_before") load = std::strtod(value.c_str(), nullptr);
    if (key == "cpus") cpus = std::strtod(value.c_str(), nullptr);
  }
  return load > cpus;
}

std::string verdict(const Report& report) {
  const Numbers& numbers = report.numbers;
  const std::size_t missed = numbers.missed();
  std::string html = !numbers.good() ? badge("bad", "not good: see what is marked fault or missed")
                     : missed == 0   ? badge("good", "all books closed, every figure reached")
                                     : badge("good", "all books closed") + " " +
                                         badge("warn", std::to_string(missed) + " figures missed");
  for (const auto& [key, value] : numbers.facts)
    if (key.rfind("left out", 0) == 0) html += " " + badge("warn", key + ": " + value);
  const auto noisy = std::count_if(numbers.rows.begin(), numbers.rows.end(), [](const Row& row) { return row.noisy; });
  if (noisy != 0)
    html += " " + badge("warn", std::to_string(noisy) + " of " + std::to_string(numbers.rows.size()) + " rows noisy");
  if (machine_was_busy(report.facts)) html += " " + badge("warn", "the machine was busy with something else");
  return html;
}

std::string text(std::string_view part) { return std::string(part); }

}  // namespace

std::string to_html(const Report& report) {
  const Numbers& n = report.numbers;
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>dlt-bench</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<style>\n" +
      text(page::uplot_min_css) + text(page::page_css) + "</style>\n</head>\n<body>\n";
  html += "<header><h1>dlt-bench</h1>" + verdict(report) + "</header>\n";
  html +=
      "<p class=\"soft\">Delivered is what the receiving end has seen, not what was called. Each figure is the "
      "median of the repeats; each repeat a fresh process.</p>\n";
  html +=
      "<noscript><p class=\"soft\">The charts need JavaScript; the tables below have every figure of them.</p>"
      "</noscript>\n<div class=\"charts\" id=\"charts\"></div>\n";
  html += facts_table("Machine and build", report.facts) + criteria_table(n.criteria) + case_tables(n);
  html += facts_table("Other figures", n.facts) + series_tables(n);
  html += "<script type=\"application/json\" id=\"data\">" + data_of(report) + "</script>\n";
  html += "<script>\n/*\n" + text(page::license_uplot) + "\n*/\n" + text(page::uplot_iife_min_js) +
          "</script>\n<script>\n" + text(page::page_js) + "</script>\n</body>\n</html>\n";
  return html;
}

}  // namespace dlt::bench
