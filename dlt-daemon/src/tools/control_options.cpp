#include "tools/control_options.hpp"

#include <array>
#include <charconv>

#include "tools/control_words.hpp"

namespace dlt::tools {

namespace control = proto::control;

namespace {

constexpr char examples[] = R"(
HOST is a name or an address (127.0.0.1 unless given), with -u the path of a Unix socket. One request at a time; options
of one letter are those of dlt-control. LEVEL is off, fatal, error, warn, info, debug, verbose, default, or -1 to 6.

Which contexts -l and -r mean: -a APP -c CONTEXT that one, -a APP or -c CONTEXT alone all that have it, "AB*" all that
begin so, neither of them all.

Exit codes: 0 the daemon has done it, 1 it refuses, it does not answer in time, or nothing matches, 2 wrong usage.

  dlt-daemon control -j
  dlt-daemon control -l debug -a NAVI -c ROUT target.local
  dlt-daemon control -l warn -a 'NA*'
  dlt-daemon control --snapshot -a NAVI
  dlt-daemon control -a NAVI -c ROUT -s 4096 -m 'start a demo'
)";

cxxopts::Options describe() {
  const auto text = [] { return cxxopts::value<Words>(); };
  cxxopts::Options options("dlt-daemon control", "Asks a DLT daemon for something, and waits for its answer.");
  options.positional_help("[HOST]").show_positional_help();
  options.add_options("Request")("j,list", "list applications and contexts")("l,level", "set the log level of contexts",
                                                                             text(), "LEVEL")(
      "r,trace", "set the trace status of contexts: off, on, default, or 0, 1, -1", text(), "STATUS")(
      "d,default-level", "set the level of contexts that have none of their own", text(), "LEVEL")(
      "f,default-trace", "set their trace status: off, on, 0, 1", text(), "STATUS")(
      "s,service", "inject: service id, 4095 and above, for -a and -c, with -m or -x", text(), "ID")(
      "i,timing", "a time message each second: off, on, 0, 1", text(), "STATUS")(
      "o,store", "store levels and trace status")("g,reset", "go back to the defaults of the configuration")(
      "k,software-version", "the daemon's version")("get-default-level", "the default level")(
      "lost", "how many messages the daemon has lost")(
      "snapshot", "have the flight recorders of applications (-a: of one) written into files")("local-time",
                                                                                               "the daemon's clock");
  options.add_options()("a,app", "application", text(), "ID")("c,context", "context", text(), "ID")(
      "m,message", "what is injected: a text", text(), "TEXT")("x,hex", "what is injected: bytes such as 'ad 01'",
                                                               text(), "HEX")(
      "p,port", "TCP port (default: DLT_DAEMON_TCP_PORT, 3490)", text(), "PORT")(
      "u,unix", "HOST is the path of the daemon's control socket")("e,ecu", "ECU id in the request", text(), "ID")(
      "t,timeout", "wait so long for the answer (default: 5000)", text(), "MS")(
      "format", "table (words) or json", text(), "FORMAT")("S", "a serial header in front of requests")(
      "v,verbose", "say on stderr what happens")("R", "accepted: the stream is searched for the next message anyway");
  options.add_options("Hidden")("host", "", text())("y", "")("b", "", text());
  options.parse_positional({"host"});
  return options;
}

std::optional<std::int8_t> level_in(const std::string& word) {
  const auto level = parse_level(word);
  return level ? std::optional(static_cast<std::int8_t>(*level)) : std::nullopt;
}

std::optional<std::int8_t> switch_in(const std::string& word) {
  if (word == "0" || word == "off") return std::int8_t{0};
  if (word == "1" || word == "on") return std::int8_t{1};
  if (word == "-1" || word == "255" || word == "default") return control::level_default;
  return std::nullopt;
}

// Builds the one request of a command line.
class Builder {
 public:
  Builder(CommandLine& line, ControlOptions& out) : line_(line), out_(out) {
    app_ = id("app");
    context_ = id("context");
  }

  void build() {
    constexpr std::array requests{
        "list",  "level", "trace", "default-level",    "default-trace",     "service",    "timing",
        "store", "reset", "lost",  "software-version", "get-default-level", "local-time", "snapshot"};
    const char* wanted = nullptr;
    for (const char* option : requests) {
      if (!line_.has(option)) continue;
      if (wanted != nullptr) return line_.fail(std::string("one request at a time: --") + wanted + " or --" + option);
      wanted = option;
    }
    if (wanted == nullptr) return line_.fail("no request, such as -j, -l LEVEL, -k");
    choose(wanted);
  }

 private:
  void choose(std::string_view wanted) {
    if (wanted == "list") ask(control::GetLogInfo{7, AppId(app_), ContextId(context_)}, "");
    else if (wanted == "level") level();
    else if (wanted == "trace") trace();
    else if (wanted == "default-level") default_level();
    else if (wanted == "default-trace") default_trace();
    else if (wanted == "service") inject();
    else if (wanted == "timing") timing();
    else if (wanted == "store") ask(control::StoreConfig{}, "stored");
    else if (wanted == "reset") ask(control::ResetToFactoryDefault{}, "levels are the defaults again");
    else if (wanted == "software-version") ask(control::GetSoftwareVersion{}, "");
    else if (wanted == "get-default-level") ask(control::GetDefaultLogLevel{}, "");
    else if (wanted == "snapshot") ask(control::TakeSnapshot{AppId(app_)}, "");
    else if (wanted == "lost") ask(control::GetMessageBufferOverflow{}, "");
    else ask(control::GetLocalTime{}, "");
  }

  void ask(control::Request request, std::string what) {
    out_.asked.request = std::move(request);
    out_.what = std::move(what);
  }
  std::string id(const char* option) {
    if (!line_.has(option)) return {};
    const std::string text = line_.text(option);
    if (text.size() > 4)
      line_.fail(std::string("--") + option + " is an id of four characters at most, not '" + text + "'");
    return text == "*" ? "" : text;
  }
  [[nodiscard]] std::string of_contexts() const {
    if (app_.empty() && context_.empty()) return "all contexts";
    return (app_.empty() ? "*" : app_) + ":" + (context_.empty() ? "*" : context_);
  }
  // A value that must be between least and 6 or 1.
  std::int8_t value(const char* option, std::optional<std::int8_t> (*read)(const std::string&), std::int8_t least) {
    const auto v = read(line_.text(option));
    if (v && *v >= least) return *v;
    line_.fail(std::string("--") + option + " cannot be '" + line_.text(option) + "'");
    return 0;
  }
  void level() {
    const auto v = value("level", level_in, -1);
    const std::string what = "log level of " + of_contexts() + " set to " + level_word(v);
    if (app_.empty() && context_.empty()) ask(control::SetAllLogLevel{v}, what);
    else ask(control::SetLogLevel{AppId(app_), ContextId(context_), v}, what);
  }
  void trace() {
    const auto v = value("trace", switch_in, -1);
    const std::string what = "trace status of " + of_contexts() + " set to " + line_.text("trace");
    if (app_.empty() && context_.empty()) ask(control::SetAllTraceStatus{v}, what);
    else ask(control::SetTraceStatus{AppId(app_), ContextId(context_), v}, what);
  }
  void default_level() {
    const auto v = value("default-level", level_in, 0);
    ask(control::SetDefaultLogLevel{v}, "default log level set to " + level_word(v));
  }
  void default_trace() {
    const auto v = value("default-trace", switch_in, 0);
    ask(control::SetDefaultTraceStatus{v}, std::string("default trace status set to ") + (v == 1 ? "on" : "off"));
  }
  void timing() {
    const auto v = value("timing", switch_in, 0);
    ask(control::SetTimingPackets{static_cast<std::uint8_t>(v)},
        std::string("time messages are ") + (v == 1 ? "on" : "off"));
  }
  void inject() {
    const auto service = line_.number("service");
    if (!service || *service < 0xfff || *service > 0xffffffffU)
      return line_.fail("-s is a service id, 4095 to 4294967295, not '" + line_.text("service") + "'");
    if (app_.empty() || context_.empty()) return line_.fail("an injection needs -a APP and -c CONTEXT");
    if (line_.has("message") == line_.has("hex")) return line_.fail("an injection needs -m TEXT or -x HEX");
    if (line_.has("message")) {
      const std::string text = line_.text("message");
      const auto bytes = proto::as_bytes(text);
      out_.inject.assign(bytes.begin(), bytes.end());
    } else {
      const auto bytes = parse_hex(line_.text("hex"));
      if (!bytes)
        return line_.fail("-x is bytes in hexadecimal such as 'ad 01 24 ef', not '" + line_.text("hex") + "'");
      out_.inject = *bytes;
    }
    if (out_.inject.size() > 65000) return line_.fail("an injection has 65000 bytes at most");
    out_.asked.app = AppId(app_);
    out_.asked.context = ContextId(context_);
    ask(control::Injection{static_cast<std::uint32_t>(*service), out_.inject}, "injected into " + of_contexts());
  }

  CommandLine& line_;
  ControlOptions& out_;
  std::string app_;
  std::string context_;
};

void read_rest(ControlOptions& out, CommandLine& line) {
  if (line.has("y") || line.has("b")) line.fail("serial devices (-y, -b) are not supported");
  if (line.has("timeout")) {
    const auto ms = line.number("timeout");
    if (!ms || *ms == 0 || *ms > 86'400'000)
      line.fail("-t is a number of milliseconds, not '" + line.text("timeout") + "'");
    out.limit = std::chrono::milliseconds(ms.value_or(0));
  }
  if (line.has("format")) {
    const std::string format = line.text("format");
    if (format != "json" && format != "table") line.fail("--format is table or json, not '" + format + "'");
    out.json = format == "json";
  }
  if (line.has("ecu")) {
    if (line.text("ecu").size() > 4) line.fail("-e is an ECU id of four characters at most");
    out.asked.ecu = EcuId(line.text("ecu"));
  }
  out.asked.serial_header = line.has("S");
  out.verbose = line.has("verbose");
}

}  // namespace

std::optional<std::vector<std::byte>> parse_hex(std::string_view text) {
  std::vector<std::byte> out;
  while (!text.empty()) {
    if (text[0] == ' ' || text[0] == ',') {
      text.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    const auto two = text.substr(0, 2);
    if (std::from_chars(two.data(), two.data() + two.size(), value, 16).ptr != two.data() + 2) return std::nullopt;
    out.push_back(static_cast<std::byte>(value));
    text.remove_prefix(2);
  }
  return out.empty() ? std::nullopt : std::optional(out);
}

ControlOptions parse_control(int argc, const char* const* argv) {
  auto description = describe();
  CommandLine line = parse(description, "dlt-daemon control", examples, argc, argv);
  ControlOptions out;
  out.asked.ecu = EcuId("RECV");
  if (!line.early) {
    read_rest(out, line);
    Builder(line, out).build();
  }
  out.address = address_of(line);
  if (!line.early && line.has("unix")) {
    if (!line.has("host")) line.fail("-u needs the path of the control socket");
    out.address.unix_path = out.address.host;
  }
  out.early = line.early;
  return out;
}

}  // namespace dlt::tools
