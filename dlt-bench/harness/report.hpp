// How numbers are shown: an aligned table for people, JSON and CSV for programs. README.md documents the JSON schema.
#pragma once

#include <iosfwd>
#include <string>

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
[[nodiscard]] std::string to_markdown(const Report& report);  // the criteria only

// Rows of `report` whose share of the roofline fell by more than `tolerance` (0 … 1) below that in `baseline_json`, one
// sentence each. Rows without a roofline, and rows that the baseline does not have, are not judged. Throws BenchError
// when the baseline cannot be read.
[[nodiscard]] std::vector<std::string> regressions(const Report& report, const std::string& baseline_json,
                                                   double tolerance);

// Colours are for terminals, and only without NO_COLOR.
[[nodiscard]] bool wants_colour(int fd);

// "12.3 M", "512 k": three digits.
[[nodiscard]] std::string human(double value);

}  // namespace dlt::bench
