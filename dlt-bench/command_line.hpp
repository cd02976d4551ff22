// What the user typed. Pure: words in, a Command or a sentence about what is wrong out.
#pragma once

#include <string>
#include <vector>

#include "case.hpp"

namespace dlt::bench {

struct Command {
  enum class What { help, version, list, run };
  What what = What::help;
  std::vector<std::string> cases;  // names, checked
  Load load;
  std::string json_file, csv_file, html_file, markdown_file;
  std::string baseline_file;
  std::string beside_file;
  double tolerance = 0.2;   // share of the roofline that may be lost against the baseline
  bool books_only = false;  // criteria do not decide: the machine is too busy or too slow for its figures to count
};

// Throws UsageError.
struct UsageError {
  std::string text;
};
[[nodiscard]] Command parse_command_line(const std::vector<std::string>& words);  // without the program's name
[[nodiscard]] std::string help_text();

}  // namespace dlt::bench
