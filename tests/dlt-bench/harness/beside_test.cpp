#include "harness/beside.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;

namespace {

Row row(const char* name, double rate, bool peer = false) {
  Sample s;
  s.seconds = 1;
  s.accepted = s.delivered = static_cast<std::uint64_t>(rate);
  s.call_ns.p50 = 20;
  Row r;
  r.case_name = name;
  r.config = {{"threads", "4 threads"}};
  r.samples = {s};
  r.peer = peer;
  return r;
}

Report report(std::vector<Row> rows) {
  Report r;
  r.numbers.rows = std::move(rows);
  return r;
}

}  // namespace

TEST_CASE("the fastest rows of two results stand side by side, without peers and without prepared frames") {
  const Report here = report({row("max-throughput", 500), row("sim-queue", 100), row("compare", 5000, true)});
  const Report there = report({row("throughput", 1000), row("roofline", 9000)});

  const auto lines = beside(here, to_json(there));

  REQUIRE(lines.size() > 3);
  CHECK(lines[0].first == "beside the DLT suite, messages/s");
  CHECK(lines[0].second == "500 (max-throughput: 4 threads), there 1000 (throughput: 4 threads), 0.500 x");
  CHECK(lines[2].second.find("20.0") == 0);
}

TEST_CASE("a row that lost something is not shown beside another") {
  Report here = report({row("max-throughput", 500), row("sim-queue", 100)});
  here.numbers.rows[0].faults.emplace_back("something");

  CHECK(beside(here, to_json(report({row("throughput", 1000)})))[0].second.find("100 (sim-queue") == 0);
}

TEST_CASE("what is no result, or has no row, is not compared with") {
  CHECK_THROWS(beside(report({}), "{"));
  CHECK_THROWS(beside(report({}), R"({"schema":99,"rows":[]})"));
  CHECK(beside(report({}), to_json(report({row("throughput", 1)}))).size() == 1);
}
