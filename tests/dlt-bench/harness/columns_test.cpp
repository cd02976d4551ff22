#include "harness/columns.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace dlt::bench;

namespace {

Sample whole_sample() {
  Sample s;
  s.seconds = 2;
  s.offered = s.accepted = 1'000'010;
  s.delivered = 1'000'000;
  s.delivered_bytes = 80'000'000;
  s.dropped = {{"full", 7}, {"timed_out", 3}};
  s.call_ns = {1000, 21, 22, 23, 24, 25};
  s.e2e_us = {1000, 31, 32, 33, 34, 35};
  s.application = {0.5, 0, 5'000'000, 40, 2};
  s.daemon = {0.25, 0, 6'000'000, 50, 8};
  s.roofline_msgs_per_s = 1'000'000;
  s.writes = 10'000;
  s.reserved_bytes = 4 * 16 * 1024;
  s.buffers = 4;
  return s;
}

std::map<std::string, std::string> cells(const Row& row) {
  std::map<std::string, std::string> all;
  for (const auto& columns : {book_columns(), cost_columns()})
    for (const Column& c : columns) all[std::string(c.group) + "|" + c.title] = c.text(row);
  return all;
}

}  // namespace

TEST_CASE("every figure of a row is shown") {
  Row row;
  row.samples = {whole_sample(), whole_sample()};

  const std::map<std::string, std::string> expected{{"msg/s|median", "500 k"},
                                                    {"msg/s|min – max", "500 k – 500 k"},
                                                    {"|MB/s", "40.0"},
                                                    {"|x roofline", "0.500"},
                                                    {"messages|offered", "1.00 M"},
                                                    {"messages|accepted", "1.00 M"},
                                                    {"messages|delivered", "1.00 M"},
                                                    {"messages|dropped by cause", "7 full, 3 timed_out"},
                                                    {"messages|unaccounted", "0"},
                                                    {"call, ns|p50", "21.0"},
                                                    {"call, ns|p90", "22.0"},
                                                    {"call, ns|p99", "23.0"},
                                                    {"call, ns|p99.9", "24.0"},
                                                    {"call, ns|max", "25.0"},
                                                    {"end to end, µs|p50", "31.0"},
                                                    {"end to end, µs|p99", "33.0"},
                                                    {"end to end, µs|max", "35.0"},
                                                    {"CPU s/million|app", "0.500"},
                                                    {"CPU s/million|daemon", "0.250"},
                                                    {"peak RSS, MB|app", "5.00"},
                                                    {"peak RSS, MB|daemon", "6.00"},
                                                    {"|KiB/buffer", "16.0"},
                                                    {"|msg/writev", "100"},
                                                    {"|ctx switches", "100"}};
  CHECK(cells(row) == expected);
}

TEST_CASE("what a row does not have is empty and not 0, but what was counted as none is 0") {
  Row row;
  row.samples.resize(1);
  row.samples[0].seconds = 1;

  auto shown = cells(row);

  CHECK(shown.at("call, ns|p50").empty());
  CHECK(shown.at("end to end, µs|max").empty());
  CHECK(shown.at("|msg/writev").empty());
  CHECK(shown.at("|KiB/buffer").empty());
  CHECK(shown.at("|x roofline").empty());
  CHECK(shown.at("peak RSS, MB|daemon").empty());
  CHECK(shown.at("messages|dropped by cause") == "0");
  CHECK(shown.at("messages|unaccounted") == "0");
}

TEST_CASE("one repeat with something unaccounted for is not hidden by the others") {
  Row row;
  row.samples.resize(5);
  row.samples[3].unaccounted = 2;

  CHECK(cells(row).at("messages|unaccounted") == "2");
}
