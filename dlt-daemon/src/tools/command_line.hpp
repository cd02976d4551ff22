// What the command lines of the tools have in common: how they end early, which messages they select, how they print.
//
// Pure, apart from filter files that are read. The main thread's.
#pragma once

#include <cxxopts.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/connection.hpp"
#include "tools/renderer.hpp"
#include "tools/selection.hpp"
#include "words.hpp"

namespace dlt::tools {

// Instead of running: a text for stdout and exit code 0, or one for stderr and 2.
struct EarlyEnd {
  std::string message;
  bool usage_error = false;

  // Prints it; the exit code.
  [[nodiscard]] int tell() const;
};

// Parsed arguments, or why there are none.
struct CommandLine {
  std::string tool;  // "dlt-daemon cat"
  std::optional<EarlyEnd> early;
  cxxopts::ParseResult given;

  [[nodiscard]] bool has(const char* option) const { return given.count(option) != 0; }
  // The last one where an option is given several times.
  [[nodiscard]] std::string text(const char* option) const;
  [[nodiscard]] std::optional<std::uint64_t> number(const char* option) const;

  void fail(const std::string& what);
};

// --help, --version and unknown options end early. `examples` stands at the end of the help.
[[nodiscard]] CommandLine parse(cxxopts::Options& description, const std::string& tool, const std::string& examples,
                                int argc, const char* const* argv);

// Options that more than one tool has.
void add_selection_options(cxxopts::Options& description);
void add_format_options(cxxopts::Options& description);
// The grammar of --filter, for the end of the help.
[[nodiscard]] const char* filter_grammar();

// Their values; a wrong one becomes the line's early end.
[[nodiscard]] Selection selection_of(CommandLine& line);
// Nothing: no form was asked for.
[[nodiscard]] std::optional<Format> format_of(CommandLine& line);
// Fails for a name of -o that promises a packing which is not written.
void check_output(CommandLine& line, const std::string& name);
// The positional HOST (a path with -u for those who have it) and -p.
[[nodiscard]] Address address_of(CommandLine& line);

}  // namespace dlt::tools
