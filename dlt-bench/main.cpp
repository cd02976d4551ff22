// dlt-bench. Exit codes: 0 all is well; 1 books not closed, daemon gone, criterion or baseline missed; 2 usage;
// 77 nothing was bad, but something cannot be run on this machine; 130 interrupted.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cases.hpp"
#include "command_line.hpp"
#include "harness/beside.hpp"
#include "harness/dashboard.hpp"
#include "harness/error.hpp"
#include "harness/facts.hpp"
#include "harness/interrupt.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr int exit_good = 0, exit_bad = 1, exit_usage = 2, exit_cannot_run = 77;

void list_cases() {
  for (const auto& c : cases()) std::printf("%-20s  %s\n", c.name, c.question);
}

void write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  std::ofstream out(path);
  out << text;
  if (!out.flush()) throw BenchError("cannot write " + path);
}

// An earlier result; empty when there is none to read. Throws before anything is measured where the file is none.
std::string read_result(const std::string& file) {
  if (file.empty()) return "";
  std::ifstream in(file);
  if (!in) throw BenchError("cannot read " + file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  (void)regressions({}, text, 0);
  return text;
}

bool compare_with(const std::string& baseline, const Command& command, const Report& report) {
  if (baseline.empty()) return true;
  const auto worse = regressions(report, baseline, command.tolerance);
  for (const auto& sentence : worse) std::cerr << "dlt-bench: slower than the baseline: " << sentence << '\n';
  return worse.empty();
}

// What decides the exit code, said where it does not hold.
bool judge(const Numbers& numbers, bool books_only) {
  const bool good = books_only ? numbers.books_close() : numbers.good();
  if (!good) std::cerr << "dlt-bench: not good: see what is marked FAULT" << (books_only ? "\n" : " or missed\n");
  // Once more, behind a table that may be long.
  for (const Row& row : numbers.rows)
    if (!row.peer)
      for (const auto& fault : row.faults)
        std::cerr << "dlt-bench: FAULT in " << row.case_name << ": " << row.label() << ": " << fault << '\n';
  if (good && !numbers.good())
    for (const Criterion& c : numbers.criteria)
      if (c.decides && !c.met()) std::cerr << "dlt-bench: missed, and only books decide: " << c.what << '\n';
  return good;
}

// Before anything is measured: ten minutes later it would be too late.
void check_writable(const Command& command) {
  for (const auto& file : {command.json_file, command.csv_file, command.html_file, command.markdown_file}) {
    if (file.empty()) continue;
    const std::filesystem::path path = file;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const auto& changed = ::access(path.c_str(), F_OK) == 0 ? path : folder;
    if (std::filesystem::is_directory(path) || ::access(changed.c_str(), W_OK) != 0)
      throw BenchError("cannot write " + file);
  }
}

int run_cases(Command command) {
  if (command.load.live && !can_show_dashboard()) {
    std::cerr << "dlt-bench: --live needs a terminal on stderr; it goes on without\n";
    command.load.live = false;
  }
  check_writable(command);
  const std::string baseline = read_result(command.baseline_file);
  const std::string other = read_result(command.beside_file);
  Report report;
  report.facts = machine_facts();
  for (const auto& name : command.cases) report.numbers.add(find_case(name)->run(command.load));
  report.facts.emplace_back("load_after", load_average());
  report.facts.emplace_back("daemon", command.load.daemon.empty() ? "private" : command.load.daemon);
  if (!other.empty())
    for (auto& line : beside(report, other)) report.numbers.facts.push_back(std::move(line));
  print_table(std::cout, report, wants_colour(STDOUT_FILENO));
  std::cout.flush();
  write_file(command.json_file, to_json(report));
  write_file(command.csv_file, to_csv(report));
  write_file(command.html_file, to_html(report));
  write_file(command.markdown_file, to_markdown(report));
  const bool steady = compare_with(baseline, command, report);
  for (const auto& sentence : report.numbers.cannot_run) std::cerr << "dlt-bench: " << sentence << '\n';
  if (!judge(report.numbers, command.books_only) || !steady) return exit_bad;
  return report.numbers.cannot_run.empty() ? exit_good : exit_cannot_run;
}

int run(const std::vector<std::string>& words) {
  const Command command = parse_command_line(words);
  switch (command.what) {
    case Command::What::help: std::cout << help_text(); return exit_good;
    case Command::What::version: std::cout << "dlt-bench " << DLT_BENCH_VERSION << '\n'; return exit_good;
    case Command::What::list: list_cases(); return exit_good;
    case Command::What::run: return run_cases(command);
  }
  return exit_usage;
}

}  // namespace
}  // namespace dlt::bench

int main(int argc, char** argv) {
  using namespace dlt::bench;
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "--worker") return run_worker(words[1]);
  catch_interrupts();
  try {
    return run(words);
  } catch (const UsageError& e) {
    std::cerr << "dlt-bench: " << e.text << '\n';
    return exit_usage;
  } catch (const std::exception& e) {
    progress_done();
    std::cerr << "dlt-bench: " << (interrupted() ? "interrupted" : e.what()) << '\n';
    return interrupted() ? exit_interrupted : exit_bad;
  }
}
