#include "tools/command_line.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <utility>
#include <vector>

#include <unistd.h>

#include "tools/dlt_file.hpp"
#include "version.hpp"

namespace dlt::tools {

namespace {

constexpr char filter_help[] = R"(
Filters (all that are given must agree):
  RULE of --filter: [!]APP[:CONTEXT[:[=]LEVEL]]. "*" and "?" are wildcards, an empty part means any. LEVEL means this
  one and the more severe ones, =LEVEL this one alone. A message passes if it matches no rule with "!" and, where
  there are rules without "!", at least one of those:
    --filter NAVI --filter '!NAVI:NOIS' --filter 'MEDI:*:warn'
)";

std::string with_try(const std::string& tool, const std::string& what) {
  return tool + ": " + what + "\nTry: " + tool + " --help\n";
}

}  // namespace

int EarlyEnd::tell() const {
  std::fputs(message.c_str(), usage_error ? stderr : stdout);
  return usage_error ? 2 : 0;
}

std::string CommandLine::text(const char* option) const { return given[option].as<Words>().all.back(); }

std::optional<std::uint64_t> CommandLine::number(const char* option) const {
  const std::string word = text(option);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

void CommandLine::fail(const std::string& what) {
  if (!early) early = EarlyEnd{with_try(tool, what), true};
}

CommandLine parse(cxxopts::Options& description, const std::string& tool, const std::string& examples, int argc,
                  const char* const* argv) {
  description.set_width(110);
  description.add_options()("h,help", "this text")("version", "name and version");
  CommandLine line{tool, std::nullopt, {}};
  try {
    line.given = description.parse(argc, argv);
  } catch (const cxxopts::exceptions::exception& e) {
    line.fail(e.what());
    return line;
  }
  auto groups = description.groups();
  std::erase(groups, "Hidden");
  if (line.has("help")) line.early = EarlyEnd{description.help(groups) + examples, false};
  else if (line.has("version")) line.early = EarlyEnd{std::string("dlt-daemon ") + daemon::version + "\n", false};
  else if (!line.given.unmatched().empty()) line.fail("unexpected argument '" + line.given.unmatched().front() + "'");
  return line;
}

void add_selection_options(cxxopts::Options& description) {
  const auto text = [] { return cxxopts::value<Words>(); };
  description.add_options("Filter")("filter", "messages that RULE selects (several: see below)", text(), "RULE")(
      "level", "log messages of this level and more severe ones", text(), "LEVEL")(
      "app", "of this application (several: of any of them; wildcards)", text(), "ID")(
      "context", "of this context (several: of any of them; wildcards)", text(), "ID")(
      "text", "whose payload, as text, contains this regular expression (RE2)", text(), "REGEX")(
      "f,filter-file", "lines \"APID CTID\", as the incumbent's -f", text(), "FILE")(
      "j,json-filter", "filters in JSON, as the incumbent's -j", text(), "FILE");
}

void add_format_options(cxxopts::Options& description) {
  description.add_options("Print")("a", "payload as text")("x", "payload as hex")("m", "payload as hex and text")(
      "s", "headers only")("format", "text, hex, mixed, headers, json (an object a line), csv or cbor",
                           cxxopts::value<Words>(), "FORMAT");
}

Selection selection_of(CommandLine& line) {
  Selection selection;
  const auto each = [&](const char* option, auto&& take) {
    if (line.early || !line.has(option)) return;
    for (const auto& value : line.given[option].as<Words>().all)
      if (const auto wrong = take(value)) line.fail(*wrong);
  };
  each("filter", [&](const std::string& v) { return selection.add_rule(v); });
  each("level", [&](const std::string& v) { return selection.set_level(v); });
  each("app", [&](const std::string& v) { return selection.add_app(v); });
  each("context", [&](const std::string& v) { return selection.add_context(v); });
  each("text", [&](const std::string& v) { return selection.set_text(v); });
  each("filter-file", [&](const std::string& v) { return selection.read_filter_file(v, false); });
  each("json-filter", [&](const std::string& v) { return selection.read_filter_file(v, true); });
  return selection;
}

std::optional<Format> format_of(CommandLine& line) {
  if (line.early) return std::nullopt;
  constexpr std::array<std::pair<std::string_view, Format>, 7> names{{{"text", Format::text},
                                                                      {"hex", Format::hex},
                                                                      {"mixed", Format::mixed},
                                                                      {"headers", Format::headers},
                                                                      {"json", Format::json},
                                                                      {"csv", Format::csv},
                                                                      {"cbor", Format::cbor}}};
  if (line.has("format")) {
    const std::string wanted = line.text("format");
    for (const auto& [name, format] : names) {
      if (wanted != name) continue;
      if (format == Format::cbor && ::isatty(STDOUT_FILENO) == 1)
        line.fail("CBOR is not for a terminal: write it to a file");
      return format;
    }
    line.fail("--format is text, hex, mixed, headers, json, csv or cbor, not '" + wanted + "'");
    return std::nullopt;
  }
  // The order in which the incumbent looks.
  constexpr std::array<std::pair<const char*, Format>, 4> shorts{
      {{"x", Format::hex}, {"a", Format::text}, {"m", Format::mixed}, {"s", Format::headers}}};
  for (const auto& [option, format] : shorts)
    if (line.has(option)) return format;
  return std::nullopt;
}

Address address_of(CommandLine& line) {
  Address address;
  if (line.early) return address;
  std::string problem;
  const std::string option = line.has("port") ? line.text("port") : "";
  const auto port = choose_port(line.has("port") ? &option : nullptr, problem);
  if (!port) line.fail(problem);
  else address.port = *port;
  if (!line.has("host")) return address;
  const auto hosts = line.given["host"].as<Words>().all;
  if (hosts.size() > 1) line.fail("one host, not '" + hosts[1] + "' as well");
  address.host = hosts.front();
  return address;
}

void check_output(CommandLine& line, const std::string& name) {
  if (const auto wrong = unknown_packing(name)) line.fail("'" + name + "': " + *wrong);
}

const char* filter_grammar() { return filter_help; }

}  // namespace dlt::tools
