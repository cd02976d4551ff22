// How numbers are shown: an aligned table for people, JSON and CSV for programs. README.md documents the JSON schema.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "case.hpp"
#include "harness/facts.hpp"

namespace dlt::bench {

struct Report {
  Facts facts;
  Numbers numbers;
};

inline constexpr int json_schema_version = 1;

void print_table(std::ostream& out, const Report& report, bool colour);
[[nodiscard]] std::string to_json(const Report& report);
[[nodiscard]] std::string to_csv(const Report& report);
// One page with everything in it, for any browser without a network; without JavaScript it is tables.
[[nodiscard]] std::string to_html(const Report& report);
// For a README: the figures to reach, and a table for each case that has rows.
[[nodiscard]] std::string to_markdown(const Report& report);

// Rows of `report` whose share of the roofline fell by more than `tolerance` (0 … 1) below that in `baseline_json`, one
// sentence each. Rows without a roofline, and rows that the baseline does not have, are not judged. Throws BenchError
// when the baseline cannot be read.
[[nodiscard]] std::vector<std::string> regressions(const Report& report, const std::string& baseline_json,
                                                   double tolerance);

// The cases that have rows, in the order in which they ran, each with its rows.
[[nodiscard]] std::vector<std::pair<std::string, std::vector<const Row*>>> rows_by_case(const Numbers& numbers);

// Colours are for terminals, and only without NO_COLOR.
[[nodiscard]] bool wants_colour(int fd);

// "12.3 M", "512 k": three digits.
[[nodiscard]] std::string human(double value);

}  // namespace dlt::bench
