#include "command_line.hpp"

#include <cxxopts.hpp>
#include <iomanip>
#include <sstream>

#include "cases.hpp"
#include "harness/logger.hpp"

namespace dlt::bench {
namespace {

cxxopts::Options options() {
  cxxopts::Options o("dlt-bench", "Measures the log calls of an application and what arrives of them.\n");
  o.custom_help("list | [case] NAME... | -a [OPTIONS]");
  o.positional_help("");
  o.add_options("What")("c,case", "run this case", cxxopts::value<std::vector<std::string>>(), "NAME")(
      "a,all", "run every case")("h,help", "show this")("version", "show the version");
  o.add_options("Load")("repeat", "repeats of each configuration, without the warm-up", cxxopts::value<unsigned>(),
                        "N")("duration", "seconds of one repeat", cxxopts::value<double>(), "S")(
      "threads", "logging threads", cxxopts::value<unsigned>(), "N")("messages", "messages per thread",
                                                                     cxxopts::value<std::uint64_t>(), "N")(
      "payload", "bytes of text in a message (12)", cxxopts::value<unsigned>(), "N")(
      "rate", "messages per second of all threads", cxxopts::value<double>(), "N")(
      "buffer", "capacity of the buffers in messages", cxxopts::value<std::uint32_t>(), "N")(
      "logger",
      "dlt; or one that is wrong on purpose, to see that it is noticed: drops, reorders, repeats, "
      "tears, leaks, uneven; mutex (suspend cases)",
      cxxopts::value<std::string>(), "NAME");
  o.add_options("Load")("budget", "seconds that full (600) or system (1800) may take", cxxopts::value<double>(), "S")(
      "lossy-relay", "between daemon and client, on purpose, something that loses every 10,000th message");
  o.add_options("Daemon (without these a private one is started)")(
      "daemon", "unix:PATH or tcp:HOST:PORT of a running one", cxxopts::value<std::string>(), "ADDRESS")(
      "control", "its control socket (beside a Unix socket: control.sock)", cxxopts::value<std::string>(), "PATH")(
      "client-port", "its port for clients (as its status says)", cxxopts::value<std::uint16_t>(), "PORT");
  o.add_options("Result")("json", "write the result as JSON", cxxopts::value<std::string>(), "FILE")(
      "csv", "write each repeat as a line", cxxopts::value<std::string>(), "FILE")(
      "html", "write a page with charts that needs no network", cxxopts::value<std::string>(), "FILE")(
      "live", "a dashboard on the terminal while it runs")(
      "profile", "CPU profiles of application and daemon, as folded stacks for a flame graph",
      cxxopts::value<std::string>(),
      "DIR")("markdown", "write the tables of a README: figures to reach, each case", cxxopts::value<std::string>(),
             "FILE")("baseline", "compare with an earlier JSON result", cxxopts::value<std::string>(), "FILE")(
      "beside", "show the figures of another JSON result, of full, beside these", cxxopts::value<std::string>(),
      "FILE")("tolerance", "loss of roofline share that is no regression (0.2)", cxxopts::value<double>(), "SHARE")(
      "books-only", "only books and faults decide the exit code; criteria are shown, and those that are missed named");
  o.add_options("")("words", "", cxxopts::value<std::vector<std::string>>());
  o.parse_positional({"words"});
  return o;
}

template <class T>
std::string plain(T number) {
  std::ostringstream text;
  text << std::setprecision(10) << number;
  return text.str();
}

template <class T>
void take(const cxxopts::ParseResult& r, const char* name, std::optional<T>& into, T low, T high) {
  if (r.count(name) == 0) return;
  const T value = r[name].as<T>();
  if (!(value >= low && value <= high))
    throw UsageError{std::string("--") + name + " must be from " + plain(low) + " to " + plain(high)};
  into = value;
}
void take(const cxxopts::ParseResult& r, const char* name, std::string& into) {
  if (r.count(name) != 0) into = r[name].as<std::string>();
}

Load load_of(const cxxopts::ParseResult& r) {
  Load load;
  take(r, "repeat", load.repeat, 1U, 1000U);
  take(r, "duration", load.duration_s, 0.01, 86'400.0);
  take(r, "threads", load.threads, 1U, 1024U);
  take<std::uint64_t>(r, "messages", load.messages, 1, std::uint64_t{1} << 40);
  take(r, "payload", load.payload, 1U, 200U);
  take(r, "rate", load.rate, 1.0, 1e9);
  take<std::uint32_t>(r, "buffer", load.buffer, 8, 1U << 20);
  take(r, "daemon", load.daemon);
  take(r, "control", load.control);
  take<std::uint16_t>(r, "client-port", load.client_port, 1, 65535);
  take(r, "logger", load.logger);
  take(r, "budget", load.budget_s, 10.0, 86'400.0);
  load.lossy_relay = r.count("lossy-relay") != 0;
  load.live = r.count("live") != 0;
  take(r, "profile", load.profile);
  if (!load.daemon.empty() && load.daemon.rfind("unix:", 0) != 0 && load.daemon.rfind("tcp:", 0) != 0)
    throw UsageError{"--daemon must be unix:PATH or tcp:HOST:PORT"};
  if (!logger_exists(load.logger) || is_peer_logger(load.logger)) throw UsageError{"no logger '" + load.logger + "'"};
  return load;
}

void add_case(Command& command, const std::string& name) {
  if (find_case(name) == nullptr) throw UsageError{"no case '" + name + "'; dlt-bench list shows them"};
  command.cases.push_back(name);
}

// list | case NAME... | NAME...
void take_words(Command& command, const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "list") {
    command.what = Command::What::list;
    return;
  }
  const bool spelled_out = !words.empty() && words[0] == "case";
  if (spelled_out && words.size() == 1) throw UsageError{"which case? dlt-bench list shows them"};
  for (std::size_t i = spelled_out ? 1 : 0; i < words.size(); ++i) add_case(command, words[i]);
}

}  // namespace

std::string help_text() {
  return options().help({"What", "Load", "Daemon (without these a private one is started)", "Result"});
}

Command parse_command_line(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"dlt-bench"};
  for (const auto& w : words) argv.push_back(w.c_str());
  Command command;
  try {
    auto o = options();
    const auto r = o.parse(static_cast<int>(argv.size()), argv.data());
    if (words.empty() || r.count("help") != 0) return command;
    if (r.count("version") != 0) return command.what = Command::What::version, command;
    command.load = load_of(r);
    take(r, "json", command.json_file);
    take(r, "csv", command.csv_file);
    take(r, "html", command.html_file);
    take(r, "markdown", command.markdown_file);
    take(r, "baseline", command.baseline_file);
    take(r, "beside", command.beside_file);
    std::optional<double> tolerance;
    take(r, "tolerance", tolerance, 0.0, 1.0);
    command.tolerance = tolerance.value_or(command.tolerance);
    command.books_only = r.count("books-only") != 0;
    if (r.count("words") != 0) take_words(command, r["words"].as<std::vector<std::string>>());
    if (r.count("case") != 0)
      for (const auto& name : r["case"].as<std::vector<std::string>>()) add_case(command, name);
    if (r.count("all") != 0)
      for (const auto& c : cases())
        if (!c.composed) command.cases.emplace_back(c.name);
  } catch (const cxxopts::exceptions::exception& e) {
    throw UsageError{e.what()};
  }
  if (command.what == Command::What::list) return command;
  if (command.cases.empty()) throw UsageError{"which case? dlt-bench list shows them"};
  for (const auto& name : command.cases)
    if (!logger_fits(command.load.logger, name))
      throw UsageError{"--logger " + command.load.logger + " is not for the case " + name};
  command.what = Command::What::run;
  return command;
}

}  // namespace dlt::bench
