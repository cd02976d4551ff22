#include "options.hpp"

#include <array>
#include <cxxopts.hpp>

#include "version.hpp"
#include "words.hpp"

namespace dlt::daemon {

namespace {

// Options that are another way to write a configuration key.
struct Short {
  const char* option;
  const char* key;
  const char* help;
  const char* argument;
};
constexpr std::array shorts{
    Short{"app-socket", "ApplicationSocketPath", "Unix socket for applications", "PATH"},
    Short{"app-port", "ApplicationPort", "TCP port for applications (0: the kernel chooses)", "PORT"},
    Short{"t,legacy-dir", "LegacyDirectory", "directory of the incumbent's FIFO (with LegacyFifo = 1)", "DIRECTORY"},
    Short{"control-socket", "StatusSocketPath", "Unix socket for --status", "PATH"},
    Short{"p,port", "Port", "TCP port for clients (0: the kernel chooses)", "PORT"},
    Short{"bind", "BindAddress", "addresses for clients, ';' between them", "LIST"},
    Short{"storage-dir", "OfflineTraceDirectory", "store messages there", "DIRECTORY"},
    Short{"ecu", "ECUId", "ECU id", "ID"},
};

// Without the short form before the comma.
std::string name_of(const Short& s) {
  const std::string option = s.option;
  const auto comma = option.find(',');
  return comma == std::string::npos ? option : option.substr(comma + 1);
}

constexpr char tools_help[] = R"(
Tools (each with --help):
  dlt-daemon receive [HOST]   print or store what a daemon sends
  dlt-daemon cat FILE...      print, cut, join and convert stored messages
  dlt-daemon control [HOST]   ask a daemon for something
)";

cxxopts::Options describe() {
  cxxopts::Options options("dlt-daemon",
                           "Receives log messages from applications, passes them to DLT viewers, stores them.");
  options.add_options()("h,help", "this text")("version", "name and version")(
      "c,config", std::string("configuration file (default: ") + default_config_file + ")",
      cxxopts::value<std::string>(), "FILE")("check-config", "check the configuration and end")(
      "foreground", "log to the terminal, with time stamps, even where the journal would take it")(
      "d,daemonize",
      "go into the background once applications and clients are served; the log then goes to syslog "
      "or, with LoggingMode = 2, to its file")("status", "ask the running daemon and print what it does")(
      "recover", "write every message that is whole in a stored file to stdout, as a plain .dlt file",
      cxxopts::value<std::string>(),
      "FILE")("format", "of --status: table or json", cxxopts::value<std::string>()->default_value("table"), "FORMAT")(
      "port-file", "write the client port to this file once it is served", cxxopts::value<std::string>(), "FILE")(
      "user", "started by root: become this user once the sockets are open", cxxopts::value<std::string>(), "NAME")(
      "s,set", "set any key of the configuration file", cxxopts::value<Words>(), "KEY=VALUE");
  for (const auto& s : shorts) options.add_options()(s.option, s.help, cxxopts::value<std::string>(), s.argument);
  return options;
}

Options usage_error(const std::string& what) {
  Options out;
  out.action = Options::Action::usage_error;
  out.message = "dlt-daemon: " + what + "\nTry: dlt-daemon --help\n";
  return out;
}

Options interpret(const cxxopts::Options& description, const cxxopts::ParseResult& given) {
  Options out;
  if (given.count("help") != 0) {
    out.action = Options::Action::done;
    out.message = description.help() + tools_help;
    return out;
  }
  if (given.count("version") != 0) {
    out.action = Options::Action::done;
    out.message = std::string("dlt-daemon ") + version + "\n";
    return out;
  }
  if (!given.unmatched().empty()) return usage_error("unexpected argument '" + given.unmatched().front() + "'");
  const auto format = given["format"].as<std::string>();
  if (format != "table" && format != "json") return usage_error("--format is table or json, not '" + format + "'");
  out.json = format == "json";
  out.foreground = given.count("foreground") != 0;
  if (given.count("config") != 0) out.config_file = given["config"].as<std::string>();
  if (given.count("port-file") != 0) out.port_file = given["port-file"].as<std::string>();
  out.background = given.count("daemonize") != 0;
  if (out.background && out.foreground) return usage_error("--daemonize and --foreground exclude each other");
  if (given.count("user") != 0) out.user = given["user"].as<std::string>();
  for (const auto& s : shorts)
    if (given.count(name_of(s)) != 0) out.overrides.emplace_back(s.key, given[name_of(s)].as<std::string>());
  if (given.count("set") != 0)
    for (const auto& pair : given["set"].as<Words>().all) {
      const auto equals = pair.find('=');
      if (equals == std::string::npos) return usage_error("--set wants KEY=VALUE, not '" + pair + "'");
      out.overrides.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
  if (given.count("status") != 0) out.action = Options::Action::show_status;
  if (given.count("recover") != 0) {
    out.recover_file = given["recover"].as<std::string>();
    out.action = Options::Action::recover;
  }
  if (given.count("check-config") != 0) out.action = Options::Action::check_config;
  return out;
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
  cxxopts::Options description = describe();
  try {
    return interpret(description, description.parse(argc, argv));
  } catch (const cxxopts::exceptions::exception& e) {
    return usage_error(e.what());
  }
}

}  // namespace dlt::daemon
