#include "harness/report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace dlt::bench;

namespace {

Sample sample(double seconds, std::uint64_t delivered, double roofline) {
  Sample s;
  s.seconds = seconds;
  s.offered = s.accepted = delivered + 5;
  s.delivered = delivered;
  s.dropped = {{"full", 5}};
  s.roofline_msgs_per_s = roofline;
  return s;
}

Report report(double roofline = 1000) {
  Report r;
  r.facts = {{"cpus", "2"}};
  Row row;
  row.case_name = "throughput";
  row.config = {{"threads", "1 thread"}, {"sink", "no sink"}};
  row.samples = {sample(1, 100, roofline), sample(1, 500, roofline), sample(1, 300, roofline)};
  r.numbers.rows.push_back(row);
  return r;
}

}  // namespace

TEST_CASE("a row is told by the median of its repeats, with their range") {
  const auto j = nlohmann::json::parse(to_json(report()));

  const auto& row = j.at("rows").at(0);
  CHECK(j.at("schema") == json_schema_version);
  CHECK(row.at("msgs_per_s") == 300.0);
  CHECK(row.at("msgs_per_s_spread").at("min") == 100.0);
  CHECK(row.at("msgs_per_s_spread").at("max") == 500.0);
  CHECK(row.at("roofline_share") == 0.3);
  CHECK(row.at("repeats").size() == 3);
}

TEST_CASE("the fields that others rely on are in each row") {
  const auto j = nlohmann::json::parse(to_json(report()));

  for (const char* key : {"case", "config", "offered", "accepted", "delivered", "dropped", "unaccounted", "msgs_per_s",
                          "call_ns", "e2e_us", "cpu_s_per_million", "peak_rss_bytes", "roofline_share"})
    CHECK(j.at("rows").at(0).contains(key));
  for (const char* key : {"p50", "p90", "p99", "p99.9", "max"}) CHECK(j.at("rows").at(0).at("call_ns").contains(key));
}

TEST_CASE("a fault of a row makes the result bad, unless the row is a peer's") {
  Report r = report();
  CHECK(r.numbers.good());

  r.numbers.rows[0].faults.emplace_back("something");
  CHECK_FALSE(r.numbers.good());
  CHECK_FALSE(r.numbers.books_close());

  r.numbers.rows[0].peer = true;
  CHECK(r.numbers.good());
}

TEST_CASE("a criterion is judged in its own direction") {
  Criterion c{"x", "", {10, 9, 11}, 10, 5, true, 0, ""};
  CHECK(c.met());
  CHECK_FALSE(c.stretch_met());

  c.at_most = false, c.target = 11;
  CHECK_FALSE(c.met());

  Report r = report();
  r.numbers.criteria.push_back(c);
  CHECK_FALSE(r.numbers.good());
  CHECK(r.numbers.books_close());

  r.numbers.criteria.back().decides = false;
  CHECK(r.numbers.good());
  CHECK(r.numbers.missed() == 1);
  CHECK(to_html(r).find("1 figures missed") != std::string::npos);
}

TEST_CASE("the criteria become a Markdown table") {
  Report r = report();
  r.numbers.criteria.push_back({"calls", "ns", {10, 9, 11}, 25, 17, true, 0.5, "quiet"});

  const std::string text = to_markdown(r);

  CHECK(text.find("| calls, ns | <= 25.0 | 17.0 | 10.0 (9.00 - 11.0) | 0.50 | stretch | quiet |") != std::string::npos);
}

TEST_CASE("the rows become a Markdown table for each case, without the columns that none of them has") {
  Report r = report();
  r.numbers.rows[0].notes.emplace_back("a | b");
  Row raw = r.numbers.rows[0];
  raw.case_name = "targets";
  r.numbers.rows.push_back(raw);
  r.numbers.facts.emplace_back("against another, x", "12 (11 - 13)");

  const std::string text = to_markdown(r);

  CHECK(text.find("### throughput\n") != std::string::npos);
  CHECK(text.find("| configuration | msg/s: median / min – max | x roofline | messages: offered / accepted / "
                  "delivered / dropped by cause / unaccounted |") != std::string::npos);
  CHECK(text.find("| 1 thread, no sink | 300 / 100 – 500 | 0.300 | 305 / 305 / 300 / 5 full / 0 |") !=
        std::string::npos);
  CHECK(text.find("call, ns") == std::string::npos);
  CHECK(text.find("a \\| b") != std::string::npos);
  CHECK(text.find("### targets") == std::string::npos);  // its rows are shown as figures
  CHECK(text.find("- against another, x: 12 (11 - 13)\n") != std::string::npos);
}

TEST_CASE("a row that lost more than the tolerance of its roofline share is a regression") {
  const std::string before = to_json(report(1000));

  CHECK(regressions(report(1000), before, 0.2).empty());
  CHECK(regressions(report(1100), before, 0.2).empty());      // 9 % less
  CHECK(regressions(report(2000), before, 0.2).size() == 1);  // half
  CHECK(regressions(report(500), before, 0.2).empty());       // better
}

TEST_CASE("rubbish is no baseline") { CHECK_THROWS(regressions(report(), "{", 0.2)); }

TEST_CASE("the table shows the figures, aligned, and without escape codes when there is no colour") {
  std::ostringstream out;
  print_table(out, report(), false);

  CHECK(out.str().find("1 thread, no sink") != std::string::npos);
  CHECK(out.str().find("5 full") != std::string::npos);
  CHECK(out.str().find("100 – 500") != std::string::npos);
  CHECK(out.str().find('\033') == std::string::npos);

  std::ostringstream coloured;
  print_table(coloured, report(), true);
  CHECK(coloured.str().find('\033') != std::string::npos);
}

TEST_CASE("marks in the table are explained below it") {
  Report r = report();
  std::ostringstream plain, marked;
  print_table(plain, r, false);
  r.numbers.rows[0].peer = r.numbers.rows[0].noisy = true;
  print_table(marked, r, false);

  CHECK(plain.str().find("another library") == std::string::npos);
  CHECK(marked.str().find("sink * ~") != std::string::npos);
  CHECK(marked.str().find("\n* another library") != std::string::npos);
  CHECK(marked.str().find("\n~ noisy") != std::string::npos);
}

TEST_CASE("each repeat is one line of CSV with as many fields as the header") {
  std::istringstream csv(to_csv(report()));
  std::vector<std::size_t> fields;
  for (std::string line; std::getline(csv, line);) {
    bool quoted = false;
    std::size_t n = 1;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++n;
    }
    fields.push_back(n);
  }

  CHECK(to_csv(report()).find(",\"full:5\",") != std::string::npos);
  CHECK(fields.size() == 4);
  for (const std::size_t n : fields) CHECK(n == fields[0]);
}
